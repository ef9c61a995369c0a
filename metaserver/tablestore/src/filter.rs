//! Filters of reads and conditions of writes, built and encoded.

use bytes::Bytes;
use prost::Message;

use crate::model::{RowExistence, Text, Value};
use crate::plain_buffer::encode_value;
use crate::proto;
pub use crate::proto::{ComparatorType as Comparator, VariantType};

/// What a row's attributes must be like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filter {
    /// One column compared with a value.
    Column(ColumnFilter),
    /// The one below does not hold.
    Not(Box<Filter>),
    /// All hold.
    All(Vec<Filter>),
    /// One of them holds.
    Any(Vec<Filter>),
    /// Not a condition: takes only some of the row's columns; for reads.
    Page {
        /// Columns left out before.
        offset: i32,
        /// Columns at most.
        limit: i32,
    },
}

/// Compares one column with a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnFilter {
    /// Which column.
    pub name: Text,
    /// How.
    pub comparator: Comparator,
    /// With what; a stored value of another type does not pass.
    pub value: Value,
    /// Whether a row without the column passes.
    pub pass_if_missing: bool,
    /// Whether only the newest version counts.
    pub latest_version_only: bool,
    /// What is done with the stored value first.
    pub transfer: Option<Transfer>,
}

/// Takes a piece out of a stored string before it is compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// The first group of its first match is taken.
    pub regex: String,
    /// What the piece is taken for.
    pub cast: Option<VariantType>,
}

impl Filter {
    /// A column's newest version compared with a value; a row without the column does not pass.
    pub fn column(name: impl Into<Text>, comparator: Comparator, value: impl Into<Value>) -> Self {
        Self::Column(ColumnFilter {
            name: name.into(),
            comparator,
            value: value.into(),
            pass_if_missing: false,
            latest_version_only: true,
            transfer: None,
        })
    }

    /// The same, but a row without the column passes.
    pub fn column_or_missing(
        name: impl Into<Text>,
        comparator: Comparator,
        value: impl Into<Value>,
    ) -> Self {
        match Self::column(name, comparator, value) {
            Self::Column(filter) => Self::Column(ColumnFilter { pass_if_missing: true, ..filter }),
            other => other,
        }
    }

    /// The message.
    #[must_use]
    pub fn message(&self) -> proto::Filter {
        let (kind, filter) = match self {
            Self::Column(filter) => (
                proto::FilterType::SingleColumnValue,
                proto::SingleColumnValueFilter {
                    comparator: filter.comparator.into(),
                    column_name: filter.name.as_str().to_owned(),
                    column_value: encode_value(&filter.value),
                    filter_if_missing: !filter.pass_if_missing,
                    latest_version_only: filter.latest_version_only,
                    value_trans_rule: filter.transfer.as_ref().map(|transfer| {
                        proto::ValueTransferRule {
                            regex: transfer.regex.clone(),
                            cast_type: transfer.cast.map(Into::into),
                        }
                    }),
                }
                .encode_to_vec(),
            ),
            Self::Not(filter) => composite(proto::LogicalOperator::Not, [filter.as_ref()]),
            Self::All(filters) => composite(proto::LogicalOperator::And, filters),
            Self::Any(filters) => composite(proto::LogicalOperator::Or, filters),
            Self::Page { offset, limit } => (
                proto::FilterType::ColumnPagination,
                proto::ColumnPaginationFilter { offset: *offset, limit: *limit }.encode_to_vec(),
            ),
        };
        proto::Filter { r#type: kind.into(), filter: filter.into() }
    }

    /// The encoded message, as requests hold it.
    #[must_use]
    pub fn encode(&self) -> Bytes {
        self.message().encode_to_vec().into()
    }

    /// How many filters it combines; see [`crate::limits::FILTERS`].
    #[must_use]
    pub fn count(&self) -> usize {
        match self {
            Self::Column(_) | Self::Page { .. } => 1,
            Self::Not(filter) => filter.count(),
            Self::All(filters) | Self::Any(filters) => filters.iter().map(Self::count).sum(),
        }
    }
}

fn composite<'a>(
    combinator: proto::LogicalOperator,
    filters: impl IntoIterator<Item = &'a Filter>,
) -> (proto::FilterType, Vec<u8>) {
    let sub_filters = filters.into_iter().map(Filter::message).collect();
    let message = proto::CompositeColumnValueFilter { combinator: combinator.into(), sub_filters };
    (proto::FilterType::CompositeColumnValue, message.encode_to_vec())
}

/// What must hold for a write to be done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Condition {
    /// Of the row.
    pub row: RowExistence,
    /// Of its attributes.
    pub columns: Option<Filter>,
}

impl Condition {
    /// Whether anything is asked for.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.row == RowExistence::Ignore && self.columns.is_none()
    }

    pub(crate) fn message(&self) -> proto::Condition {
        let row = match self.row {
            RowExistence::Ignore => proto::RowExistenceExpectation::Ignore,
            RowExistence::ExpectExist => proto::RowExistenceExpectation::ExpectExist,
            RowExistence::ExpectNotExist => proto::RowExistenceExpectation::ExpectNotExist,
        };
        proto::Condition {
            row_existence: row.into(),
            column_condition: self.columns.as_ref().map(Filter::encode),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_filter_says_what_happens_without_the_column() {
        let filter = Filter::column_or_missing("version", Comparator::LessThan, 7);
        let message = proto::Filter::decode(filter.encode()).unwrap();
        assert_eq!(message.r#type(), proto::FilterType::SingleColumnValue);
        let column = proto::SingleColumnValueFilter::decode(message.filter).unwrap();
        assert_eq!(column.comparator(), Comparator::LessThan);
        assert_eq!(column.column_value.as_ref(), [0, 7, 0, 0, 0, 0, 0, 0, 0]);
        assert!(!column.filter_if_missing && column.latest_version_only);
    }

    #[test]
    fn combinations_are_nested_and_counted() {
        let one = Filter::column("a", Comparator::Equal, true);
        let both = Filter::All(vec![one.clone(), Filter::Not(Box::new(one))]);
        assert_eq!(both.count(), 2);
        let message = proto::CompositeColumnValueFilter::decode(both.message().filter).unwrap();
        assert_eq!(message.combinator(), proto::LogicalOperator::And);
        assert_eq!(message.sub_filters.len(), 2);
    }
}
