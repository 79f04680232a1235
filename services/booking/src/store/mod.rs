//! Queries of the booking tables, without any decisions.

/// Declares the row of a domain value, from its columns: those that are written once, and those that a save changes. A
/// column with another type than the field (`as`) is converted, and an error when it does not fit.
macro_rules! row {
    ($row:ident of $value:ident in $table:ident key($($key:ident),+) {
        fixed { $($fixed:ident: $fixed_type:ty $(as $fixed_column:ident)?),+ $(,)? }
        changing { $($changing:ident: $changing_type:ty $(as $changing_column:ident)?),+ $(,)? }
    }) => {
        #[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
        #[diesel(table_name = $table, primary_key($($key),+), treat_none_as_null = true)]
        #[diesel(treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
        pub struct $row {
            $(
                #[diesel(skip_update)]
                $(#[diesel(deserialize_as = $fixed_column, serialize_as = $fixed_column)])?
                $fixed: $fixed_type,
            )+
            $(
                $(#[diesel(deserialize_as = $changing_column, serialize_as = $changing_column)])?
                $changing: $changing_type,
            )+
        }
        impl $row {
            const KEY: &[&str] = &[$($table::$key::NAME),+];
            const CHANGING: &[&str] = &[$($table::$changing::NAME),+];
        }
        impl From<&$value> for $row {
            fn from(value: &$value) -> Self {
                Self { $($fixed: value.$fixed.clone(),)+ $($changing: value.$changing.clone(),)+ }
            }
        }
        impl<ST> Queryable<ST, db::MultiBackend> for $value
        where
            $row: Queryable<ST, db::MultiBackend>,
        {
            type Row = <$row as Queryable<ST, db::MultiBackend>>::Row;
            fn build(row: Self::Row) -> diesel::deserialize::Result<Self> {
                let row = <$row as Queryable<ST, db::MultiBackend>>::build(row)?;
                Ok(Self { $($fixed: row.$fixed,)+ $($changing: row.$changing,)+ })
            }
        }
        impl Selectable<db::MultiBackend> for $value {
            type SelectExpression = <$row as Selectable<db::MultiBackend>>::SelectExpression;
            fn construct_selection() -> Self::SelectExpression {
                <$row as Selectable<db::MultiBackend>>::construct_selection()
            }
        }
    };
}

pub mod bookings;
pub mod calendar;
pub mod captures;
pub mod documents;
pub mod gateway_refunds;
pub mod instalments;
pub mod members;
pub mod payments;
pub mod plans;
pub mod receipt_counters;
pub mod receipt_taxes;
pub mod reconciliations;
pub mod refunds;
pub mod reserves;
pub mod stock_adjustments;
pub mod vehicle_pictures;
pub mod vehicles;
pub mod webhook_events;
