//! The operator against a real API server and a real StatefulSet controller. Kubelets and servers
//! are stand-ins ([`kubelet`], [`servers`]); the operator has exactly the rights that its chart
//! gives, and every test fails when the API server forbids it anything.
//!
//! Needs METAFS_TEST_KUBECONFIG: a kubeconfig with the rights of an administrator, for a control
//! plane (etcd, kube-apiserver, kube-controller-manager) without scheduler and nodes.

mod deletion;
mod formation;
mod harness;
mod kubelet;
mod observers;
mod operators;
mod rights;
mod rolling;
mod scaling;
mod servers;
mod tablestore;
mod volumes;
