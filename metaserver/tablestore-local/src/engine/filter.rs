//! Filters on reads and conditions on writes: read from their messages once, then evaluated on rows.

use metafs_tablestore::proto;
use prost::Message;
use prost::bytes::Bytes;
use regex::Regex;

use super::cells::lone_value;
use super::names::{FILTERS, REGEX, check_attribute_length, check_column};
use super::row::StoredCell;
use super::value::{Owned, Value};
use crate::error::{OtsError, Result};
use proto::{ComparatorType as Comparator, FilterType, LogicalOperator, VariantType};

/// A filter that is ready for use.
#[derive(Debug)]
pub enum Filter {
    /// Compares a column.
    Column(Box<ColumnFilter>),
    /// The one below does not hold.
    Not(Box<Filter>),
    /// All hold.
    And(Vec<Filter>),
    /// One holds.
    Or(Vec<Filter>),
    /// Takes some of the columns; holds always.
    Pages {
        /// Columns left out.
        offset: usize,
        /// Columns taken.
        limit: usize,
    },
}

/// Compares a column.
#[derive(Debug)]
pub struct ColumnFilter {
    name: String,
    comparator: Comparator,
    operand: Owned,
    pass_if_missing: bool,
    latest_only: bool,
    rule: Option<(Regex, VariantType)>,
}

impl Filter {
    /// Reads a filter's message.
    ///
    /// # Errors
    /// 400: not a filter, one with an invalid part, or with more than ten filters in it.
    pub fn read(bytes: &Bytes) -> Result<Self> {
        let mut count = 0;
        Self::decode(bytes, &mut count)
    }

    fn decode(bytes: &Bytes, count: &mut usize) -> Result<Self> {
        let message = proto::Filter::decode(bytes.clone())
            .map_err(|_| OtsError::parameter("Deserialize filter failed."))?;
        Self::of(&message, count)
    }

    /// The count ends a deep nesting early: each level is a message in bytes of the one above.
    fn of(message: &proto::Filter, count: &mut usize) -> Result<Self> {
        *count += 1;
        if *count > FILTERS {
            return Err(OtsError::parameter(format!(
                "The count of filter exceeds the max: {FILTERS}."
            )));
        }
        let body = message.filter.clone();
        match FilterType::try_from(message.r#type) {
            Ok(FilterType::SingleColumnValue) => {
                let single = proto::SingleColumnValueFilter::decode(body)
                    .map_err(|_| OtsError::parameter("Deserialize relation filter failed."))?;
                Ok(Self::Column(Box::new(ColumnFilter::of(single)?)))
            }
            Ok(FilterType::CompositeColumnValue) => {
                let composite = proto::CompositeColumnValueFilter::decode(body)
                    .map_err(|_| OtsError::parameter("Deserialize composite filter failed."))?;
                Self::composite(&composite, count)
            }
            Ok(FilterType::ColumnPagination) => {
                let pages = proto::ColumnPaginationFilter::decode(body).map_err(|_| {
                    OtsError::parameter("Deserialize column pagination filter failed.")
                })?;
                let offset = usize::try_from(pages.offset).map_err(|_| {
                    OtsError::parameter(
                        "Offset in ColumnPaginationFilter must be greater than or equal to 0.",
                    )
                })?;
                let limit = usize::try_from(pages.limit).ok().filter(|limit| *limit > 0);
                let limit = limit.ok_or_else(|| {
                    OtsError::parameter("Limit in ColumnPaginationFilter must be greater than 0.")
                })?;
                Ok(Self::Pages { offset, limit })
            }
            Err(_) => {
                Err(OtsError::parameter(format!("Invalid type of filter: {}.", message.r#type)))
            }
        }
    }

    fn composite(message: &proto::CompositeColumnValueFilter, count: &mut usize) -> Result<Self> {
        let mut below = Vec::with_capacity(message.sub_filters.len().min(FILTERS));
        for sub in &message.sub_filters {
            let filter = Self::of(sub, count)?;
            if matches!(filter, Self::Pages { .. }) {
                return Err(OtsError::parameter(format!(
                    "Invalid type of sub-filter: {}.",
                    sub.r#type
                )));
            }
            below.push(filter);
        }
        match LogicalOperator::try_from(message.combinator) {
            Ok(LogicalOperator::Not) => match <[Filter; 1]>::try_from(below) {
                Ok([filter]) => Ok(Self::Not(Box::new(filter))),
                Err(_) => Err(OtsError::parameter(
                    "Invalid NOT operator: the number of sub-filters must be 1.",
                )),
            },
            Ok(operator) => {
                if below.len() < 2 {
                    return Err(OtsError::parameter(
                        "Invalid AND/OR operator: the number of sub-filters must be more than 1.",
                    ));
                }
                Ok(if operator == LogicalOperator::And {
                    Self::And(below)
                } else {
                    Self::Or(below)
                })
            }
            Err(_) => Err(OtsError::parameter(format!(
                "Invalid relation operator: {}.",
                message.combinator
            ))),
        }
    }

    /// Whether a row passes. `cells` are in stored order; `key` gives the value of a key's column.
    pub fn holds<'k>(
        &self,
        cells: &[StoredCell<'_>],
        key: &dyn Fn(&str) -> Option<Value<'k>>,
    ) -> bool {
        match self {
            Self::Column(filter) => filter.holds(cells, key),
            Self::Not(filter) => !filter.holds(cells, key),
            Self::And(filters) => filters.iter().all(|filter| filter.holds(cells, key)),
            Self::Or(filters) => filters.iter().any(|filter| filter.holds(cells, key)),
            Self::Pages { .. } => true,
        }
    }
}

impl ColumnFilter {
    fn of(message: proto::SingleColumnValueFilter) -> Result<Self> {
        check_column(&message.column_name)?;
        let comparator = Comparator::try_from(message.comparator).map_err(|_| {
            OtsError::parameter(format!("Invalid relation operator: {}.", message.comparator))
        })?;
        let operand = match comparator {
            Comparator::Exist | Comparator::NotExist if message.column_value.is_empty() => {
                Owned::Plain(Value::InfMin)
            }
            _ => {
                let value = lone_value(&message.column_value)?;
                check_attribute_length(&message.column_name, value.size())?;
                Owned::of(value)
            }
        };
        Ok(Self {
            rule: message.value_trans_rule.as_ref().map(rule).transpose()?,
            name: message.column_name,
            comparator,
            operand,
            pass_if_missing: !message.filter_if_missing,
            latest_only: message.latest_version_only,
        })
    }

    fn holds<'k>(&self, cells: &[StoredCell<'_>], key: &dyn Fn(&str) -> Option<Value<'k>>) -> bool {
        let name = self.name.as_bytes();
        let start = cells.partition_point(|cell| cell.name < name);
        let versions = cells.get(start..).unwrap_or_default();
        let mut versions = versions.iter().take_while(|cell| cell.name == name).peekable();
        let of_key = if versions.peek().is_none() { key(&self.name) } else { None };
        let there = versions.peek().is_some() || of_key.is_some();
        match (self.comparator, there) {
            (Comparator::Exist, there) => there,
            (Comparator::NotExist, there) => !there,
            (_, false) => self.pass_if_missing,
            (_, true) => {
                let most = if self.latest_only { 1 } else { usize::MAX };
                of_key.is_some_and(|value| self.matches(value))
                    || versions.take(most).any(|cell| self.matches(cell.value))
            }
        }
    }

    /// Values of different types match under no comparison.
    fn matches(&self, stored: Value<'_>) -> bool {
        let Some((regex, cast)) = &self.rule else {
            return self.compare(stored);
        };
        let Value::String(bytes) = stored else { return false };
        let Some(piece) = std::str::from_utf8(bytes)
            .ok()
            .and_then(|text| regex.captures(text))
            .and_then(|found| found.get(1).or_else(|| found.get(0)))
        else {
            return false;
        };
        let piece = piece.as_str();
        match cast {
            VariantType::Integer => piece.parse().is_ok_and(|v| self.compare(Value::Integer(v))),
            VariantType::Double => piece.parse().is_ok_and(|v| self.compare(Value::Double(v))),
            VariantType::Blob => self.compare(Value::Blob(piece.as_bytes())),
            VariantType::String | VariantType::Null => {
                self.compare(Value::String(piece.as_bytes()))
            }
        }
    }

    fn compare(&self, stored: Value<'_>) -> bool {
        let Some(order) = stored.compare(&self.operand.value()) else { return false };
        match self.comparator {
            Comparator::Equal => order.is_eq(),
            Comparator::NotEqual => order.is_ne(),
            Comparator::GreaterThan => order.is_gt(),
            Comparator::GreaterEqual => order.is_ge(),
            Comparator::LessThan => order.is_lt(),
            Comparator::LessEqual => order.is_le(),
            Comparator::Exist | Comparator::NotExist => false,
        }
    }
}

fn rule(message: &proto::ValueTransferRule) -> Result<(Regex, VariantType)> {
    let invalid = || OtsError::parameter("Invalid regex in value transfer rule.");
    if message.regex.is_empty() || message.regex.len() > REGEX {
        return Err(invalid());
    }
    let regex = Regex::new(&message.regex).map_err(|_| invalid())?;
    let cast = message.cast_type.map_or(Ok(VariantType::String), VariantType::try_from);
    Ok((regex, cast.map_err(|_| OtsError::parameter("Invalid cast type."))?))
}

#[cfg(test)]
#[path = "filter_tests.rs"]
mod tests;
