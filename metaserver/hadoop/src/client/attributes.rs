//! ACLs and extended attributes.

use metafs_door::Backend;
use metafs_namespace::acl::AclEntry;
use metafs_namespace::command::{AclChange, Mutation};
use metafs_namespace::path;

use super::convert;
use super::write::change;
use crate::call::{Answered, Call, decode, encode};
use crate::proto::acl::{
    AclEntryProto, GetAclStatusRequestProto, GetAclStatusResponseProto,
    ModifyAclEntriesRequestProto, RemoveAclEntriesRequestProto, RemoveAclRequestProto,
    RemoveDefaultAclRequestProto, SetAclRequestProto,
};
use crate::proto::xattr::{
    GetXAttrsRequestProto, GetXAttrsResponseProto, ListXAttrsRequestProto, ListXAttrsResponseProto,
    RemoveXAttrRequestProto, SetXAttrRequestProto,
};
use crate::refusal::Refusal;

// XAttrSetFlagProto.
const XATTR_CREATE: u32 = 1;
const XATTR_REPLACE: u32 = 2;

fn entries(protos: Vec<AclEntryProto>) -> Vec<AclEntry> {
    protos.into_iter().map(convert::acl_entry).collect()
}

async fn acl<B: Backend>(call: &mut Call<'_, B>, src: &str, acl: AclChange) -> Answered {
    change(call, src, |path| Mutation::ModifyAcl { path, change: acl }).await
}

/// modifyAclEntries.
pub(super) async fn modify_acl<B: Backend>(call: &mut Call<'_, B>, request: &[u8]) -> Answered {
    let ModifyAclEntriesRequestProto { src, acl_spec } = decode(request)?;
    acl(call, &src, AclChange::Modify(entries(acl_spec))).await
}

/// removeAclEntries.
pub(super) async fn remove_acl_entries<B: Backend>(
    call: &mut Call<'_, B>,
    request: &[u8],
) -> Answered {
    let RemoveAclEntriesRequestProto { src, acl_spec } = decode(request)?;
    acl(call, &src, AclChange::RemoveEntries(entries(acl_spec))).await
}

/// removeDefaultAcl.
pub(super) async fn remove_default_acl<B: Backend>(
    call: &mut Call<'_, B>,
    request: &[u8],
) -> Answered {
    let RemoveDefaultAclRequestProto { src } = decode(request)?;
    acl(call, &src, AclChange::RemoveDefault).await
}

/// removeAcl.
pub(super) async fn remove_acl<B: Backend>(call: &mut Call<'_, B>, request: &[u8]) -> Answered {
    let RemoveAclRequestProto { src } = decode(request)?;
    acl(call, &src, AclChange::Remove).await
}

/// setAcl.
pub(super) async fn set_acl<B: Backend>(call: &mut Call<'_, B>, request: &[u8]) -> Answered {
    let SetAclRequestProto { src, acl_spec } = decode(request)?;
    acl(call, &src, AclChange::Set(entries(acl_spec))).await
}

/// getAclStatus.
pub(super) async fn acl_status<B: Backend>(call: &mut Call<'_, B>, request: &[u8]) -> Answered {
    let GetAclStatusRequestProto { src } = decode(request)?;
    let src = path::normalize(&src)?;
    call.about(&src);
    let status = call.read(|view, caller| view.acl_status(caller, &src)).await?;
    encode(&GetAclStatusResponseProto { result: convert::acl_status(status) })
}

/// setXAttr.
pub(super) async fn set_xattr<B: Backend>(call: &mut Call<'_, B>, request: &[u8]) -> Answered {
    let SetXAttrRequestProto { src, x_attr, flag } = decode(request)?;
    let xattr = x_attr.ok_or_else(|| Refusal::illegal("XAttr can not be null."))?;
    let path = path::normalize(&src)?;
    call.about(&path);
    call.audit.status_of = Some(path.clone());
    let flag = flag.unwrap_or(0);
    let mutation = Mutation::SetXAttr {
        path,
        name: convert::xattr_name(&xattr),
        value: xattr.value.unwrap_or_default().into(),
        create: flag & XATTR_CREATE != 0,
        replace: flag & XATTR_REPLACE != 0,
    };
    call.write_once(mutation).await?;
    Ok(Vec::new())
}

/// getXAttrs: those named, or all.
pub(super) async fn xattrs<B: Backend>(call: &mut Call<'_, B>, request: &[u8]) -> Answered {
    let GetXAttrsRequestProto { src, x_attrs } = decode(request)?;
    let src = path::normalize(&src)?;
    call.about(&src);
    let names: Vec<_> = x_attrs.iter().map(convert::xattr_name).collect();
    let names = (!names.is_empty()).then_some(names);
    let found = call.read(|view, caller| view.xattrs(caller, &src, names.as_deref())).await?;
    let x_attrs = found.into_iter().map(convert::xattr_with_value).collect();
    encode(&GetXAttrsResponseProto { x_attrs })
}

/// listXAttrs: the names alone.
pub(super) async fn list_xattrs<B: Backend>(call: &mut Call<'_, B>, request: &[u8]) -> Answered {
    let ListXAttrsRequestProto { src } = decode(request)?;
    let src = path::normalize(&src)?;
    call.about(&src);
    let names = call.read(|view, caller| view.list_xattrs(caller, &src)).await?;
    let x_attrs = names.into_iter().map(|name| convert::xattr(name, None)).collect();
    encode(&ListXAttrsResponseProto { x_attrs })
}

/// removeXAttr.
pub(super) async fn remove_xattr<B: Backend>(call: &mut Call<'_, B>, request: &[u8]) -> Answered {
    let RemoveXAttrRequestProto { src, x_attr } = decode(request)?;
    let xattr = x_attr.ok_or_else(|| Refusal::illegal("XAttr can not be null."))?;
    let path = path::normalize(&src)?;
    call.about(&path);
    call.audit.status_of = Some(path.clone());
    call.write_once(Mutation::RemoveXAttr { path, name: convert::xattr_name(&xattr) }).await?;
    Ok(Vec::new())
}
