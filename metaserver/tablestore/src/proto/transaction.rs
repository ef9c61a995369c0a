//! Local transactions.

use bytes::Bytes;

/// StartLocalTransaction.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct StartLocalTransactionRequest {
    /// The table.
    #[prost(string, required, tag = "1")]
    pub table_name: String,
    /// A key of the first key column only.
    #[prost(bytes = "bytes", required, tag = "2")]
    pub key: Bytes,
    /// Keys of rows; in the Java SDK only.
    #[prost(bytes = "bytes", repeated, tag = "3")]
    pub row_keys: Vec<Bytes>,
}

/// The answer to StartLocalTransaction.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct StartLocalTransactionResponse {
    /// Its id.
    #[prost(string, required, tag = "1")]
    pub transaction_id: String,
}

/// CommitTransaction.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct CommitTransactionRequest {
    /// Its id.
    #[prost(string, required, tag = "1")]
    pub transaction_id: String,
}

/// The answer to CommitTransaction.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct CommitTransactionResponse {}

/// AbortTransaction.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct AbortTransactionRequest {
    /// Its id.
    #[prost(string, required, tag = "1")]
    pub transaction_id: String,
}

/// The answer to AbortTransaction.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct AbortTransactionResponse {}
