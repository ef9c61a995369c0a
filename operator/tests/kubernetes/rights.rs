//! The chart's rights are no more than the operator needs. That they are no less, every test shows:
//! each fails when the API server forbids the operator anything ([`crate::harness`]).

use k8s_openapi::api::authorization::v1::{
    ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec,
};
use k8s_openapi::api::core::v1::Secret;
use kube::api::{Api, ListParams, PostParams};

use crate::harness::Harness;

#[tokio::test(flavor = "multi_thread")]
async fn the_operator_may_not_do_what_it_does_not_do() {
    let harness = Harness::new().await;
    let client = harness.restricted_client().await;
    // What a forbidden request looks like to the other tests.
    Api::<Secret>::all(client.clone()).list(&ListParams::default()).await.unwrap_err();
    assert_eq!(harness.take_forbidden(), ["GET /api/v1/secrets"]);

    let reviews: Api<SelfSubjectAccessReview> = Api::all(client);
    for (group, resource, verb, allowed) in [
        ("", "secrets", "get", true),
        ("", "secrets", "list", false),
        // By name, which no right can say where users choose the names.
        ("", "secrets", "watch", true),
        ("", "pods", "delete", true),
        ("", "pods", "patch", true),
        ("", "pods", "create", false),
        ("", "pods/status", "patch", false),
        ("", "pods/exec", "create", false),
        ("", "nodes", "get", true),
        ("", "nodes", "list", false),
        ("", "nodes", "patch", false),
        ("", "persistentvolumes", "get", false),
        ("policy", "poddisruptionbudgets", "delete", true),
        ("", "configmaps", "delete", false),
        ("", "services", "delete", false),
        ("", "serviceaccounts/token", "create", false),
        ("apps", "statefulsets", "patch", true),
        ("apps", "deployments", "patch", false),
        ("events.k8s.io", "events", "create", true),
        ("events.k8s.io", "events", "delete", false),
        ("coordination.k8s.io", "leases", "get", false),
        ("metafs.dev", "metadataclusters", "delete", false),
        ("metafs.dev", "metadataclusters/status", "patch", true),
        ("rbac.authorization.k8s.io", "clusterroles", "bind", false),
    ] {
        let (resource, subresource) = match resource.split_once('/') {
            Some((resource, subresource)) => (resource, Some(subresource.to_owned())),
            None => (resource, None),
        };
        let review = SelfSubjectAccessReview {
            spec: SelfSubjectAccessReviewSpec {
                resource_attributes: Some(ResourceAttributes {
                    group: Some(group.to_owned()),
                    resource: Some(resource.to_owned()),
                    subresource: subresource.clone(),
                    verb: Some(verb.to_owned()),
                    namespace: Some(harness.namespace.clone()),
                    ..ResourceAttributes::default()
                }),
                ..SelfSubjectAccessReviewSpec::default()
            },
            ..SelfSubjectAccessReview::default()
        };
        let answer = reviews.create(&PostParams::default(), &review).await.unwrap();
        let status = answer.status.unwrap();
        assert_eq!(status.allowed, allowed, "{verb} {group}/{resource} {subresource:?}");
    }
    harness.end(Vec::new()).await;
}
