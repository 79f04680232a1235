//! Pages of lists by cursor, stable while rows are added.

use crate::{Caller, Problem};
use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload, web};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use db::SortOrder;
use domain::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::future::{Ready, ready};
use uuid::Uuid;

/// Rows of a page without `?limit=`.
pub const DEFAULT_LIMIT: i64 = 20;
/// Rows of a page at most.
pub(crate) const MAX_LIMIT: i64 = 100;
/// Rows of a page at most when staff read it.
pub const MAX_STAFF_LIMIT: i64 = 500;

/// The end of a page: the sort key of its last row. Opaque to clients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cursor {
    Id(Uuid),
    Number(i64),
    /// A time and a key, for a list ordered by time, in which several rows may have the same time.
    Row {
        micros: i64,
        key: String,
    },
}

/// Prefix of an encoded [`Cursor::Row`]; other cursors cannot begin with it.
const ROW_PREFIX: char = '.';

impl Cursor {
    /// A cursor of a list ordered by time and id.
    pub fn time_and_id(at: Timestamp, id: Uuid) -> Self {
        Self::Row { micros: at.micros(), key: id.to_string() }
    }
    fn encode(&self) -> String {
        match self {
            Self::Id(id) => URL_SAFE_NO_PAD.encode(id.as_bytes()),
            Self::Number(n) => URL_SAFE_NO_PAD.encode(n.to_be_bytes()),
            Self::Row { micros, key } => {
                let bytes = [micros.to_be_bytes().as_slice(), key.as_bytes()].concat();
                format!("{ROW_PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes))
            }
        }
    }
    fn decode(text: &str) -> Option<Self> {
        if let Some(row) = text.strip_prefix(ROW_PREFIX) {
            let bytes = URL_SAFE_NO_PAD.decode(row).ok()?;
            let (micros, key) = bytes.split_first_chunk::<8>()?;
            let key = std::str::from_utf8(key).ok()?.to_owned();
            return Some(Self::Row { micros: i64::from_be_bytes(*micros), key });
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        if let Ok(number) = <[u8; 8]>::try_from(bytes.as_slice()) {
            return Some(Self::Number(i64::from_be_bytes(number)));
        }
        Uuid::from_slice(&bytes).ok().map(Self::Id)
    }
}

/// `?limit=` and `?cursor=`. An extractor; 422 for an invalid value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Rows of the page, 1 to 100; up to 500 in a [`StaffPage`].
    pub limit: i64,
    /// The end of the page before; `None` for the first page.
    pub after: Option<Cursor>,
}

/// A page of a list that staff read, with `?order=`. An extractor; 422 for an invalid value. A member who may read the
/// list too gets at most as many rows as from a [`Page`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaffPage {
    pub page: Page,
    /// `asc` or `desc`; newest first without it.
    pub order: SortOrder,
}

#[derive(Deserialize)]
struct RawPage {
    limit: Option<String>,
    cursor: Option<String>,
    order: Option<String>,
}

impl Page {
    /// Rows to read: one more than the page has, to know whether there is a next page.
    pub fn fetch_limit(&self) -> i64 {
        self.limit + 1
    }
    /// The id the page starts after, for a list ordered by id.
    pub fn after_id<T: From<Uuid>>(&self) -> Result<Option<T>, Problem> {
        match &self.after {
            None => Ok(None),
            Some(Cursor::Id(id)) => Ok(Some(T::from(*id))),
            Some(Cursor::Number(_) | Cursor::Row { .. }) => Err(bad_cursor()),
        }
    }
    /// The number the page starts after, for a list ordered by a sequence.
    pub fn after_number(&self) -> Result<Option<i64>, Problem> {
        match &self.after {
            None => Ok(None),
            Some(Cursor::Number(n)) => Ok(Some(*n)),
            Some(Cursor::Id(_) | Cursor::Row { .. }) => Err(bad_cursor()),
        }
    }
    /// The time and the id the page starts after, for a list ordered by both.
    pub fn after_time_and_id<T: From<Uuid>>(&self) -> Result<Option<(Timestamp, T)>, Problem> {
        let Some((micros, key)) = self.after_row()? else { return Ok(None) };
        let at = Timestamp::from_micros(micros).ok_or_else(bad_cursor)?;
        let id: Uuid = key.parse().map_err(|_| bad_cursor())?;
        Ok(Some((at, T::from(id))))
    }
    /// The time and the key the page starts after, for a list ordered by time.
    pub fn after_row(&self) -> Result<Option<(i64, &str)>, Problem> {
        match &self.after {
            None => Ok(None),
            Some(Cursor::Row { micros, key }) => Ok(Some((*micros, key))),
            Some(Cursor::Id(_) | Cursor::Number(_)) => Err(bad_cursor()),
        }
    }
    /// Builds the response from up to [`Page::fetch_limit`] rows. `cursor` gives the cursor of a row, `view` its item.
    pub fn listing<R, T>(&self, rows: Vec<R>, cursor: impl Fn(&R) -> Cursor, view: impl FnMut(R) -> T) -> Listing<T> {
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let next_cursor = if rows.len() > limit {
            limit.checked_sub(1).and_then(|last| rows.get(last)).map(|row| cursor(row).encode())
        } else {
            None
        };
        Listing { items: rows.into_iter().take(limit).map(view).collect(), next_cursor }
    }
}

/// 422 for a cursor of another list.
pub fn bad_cursor() -> Problem {
    Problem::unprocessable("request.bad_cursor", "the cursor is not one of this list")
}

impl Page {
    /// Reads a query string.
    pub(crate) fn parse(query: &str) -> Result<Self, Problem> {
        read(query)?.page(MAX_LIMIT)
    }
}

impl StaffPage {
    /// Reads a query string, of staff or of a member.
    pub(crate) fn parse(query: &str, is_staff: bool) -> Result<Self, Problem> {
        read(query)?.staff_page(if is_staff { MAX_STAFF_LIMIT } else { MAX_LIMIT })
    }
}

impl FromRequest for Page {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::parse(request.query_string()))
    }
}

impl FromRequest for StaffPage {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let is_staff = request.extensions().get::<Caller>().is_some_and(|caller| caller.role.is_staff());
        ready(Self::parse(request.query_string(), is_staff))
    }
}

fn read(query: &str) -> Result<RawPage, Problem> {
    let read = web::Query::<RawPage>::from_query(query);
    Ok(read.map_err(|e| Problem::unprocessable("request.bad_query", e.to_string()))?.into_inner())
}

impl RawPage {
    fn page(&self, max_limit: i64) -> Result<Page, Problem> {
        let bad_limit = || {
            let detail = format!("limit must be a number from 1 to {max_limit}");
            Problem::unprocessable("request.bad_limit", detail)
        };
        // An empty `?cursor=` counts as absent, so that a client can send it for the first page too.
        let limit = match self.limit.as_deref() {
            None | Some("") => DEFAULT_LIMIT,
            Some(text) => text.parse().map_err(|_| bad_limit())?,
        };
        if !(1..=max_limit).contains(&limit) {
            return Err(bad_limit());
        }
        let after = match self.cursor.as_deref() {
            None | Some("") => None,
            Some(text) => Some(Cursor::decode(text).ok_or_else(bad_cursor)?),
        };
        Ok(Page { limit, after })
    }

    fn staff_page(&self, max_limit: i64) -> Result<StaffPage, Problem> {
        let order = match self.order.as_deref() {
            None | Some("" | "desc") => SortOrder::Descending,
            Some("asc") => SortOrder::Ascending,
            Some(_) => return Err(Problem::unprocessable("request.bad_order", "order must be asc or desc")),
        };
        Ok(StaffPage { page: self.page(max_limit)?, order })
    }
}

/// One page of a list.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Listing<T> {
    pub items: Vec<T>,
    /// Give it as `?cursor=` for the next page; null on the last.
    pub next_cursor: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(query: &str) -> Result<Page, Problem> {
        read(query)?.page(MAX_LIMIT)
    }

    #[test]
    fn a_cursor_is_decoded_as_it_was_encoded_and_only_by_its_own_list() {
        let (at, id) = (Timestamp::UNIX_EPOCH.plus_secs(5), Uuid::from_u128(7));
        let read = |cursor: &Cursor| parse(&format!("cursor={}", cursor.encode())).expect("a page");
        let both = Cursor::time_and_id(at, id);
        for cursor in [&Cursor::Id(id), &Cursor::Number(-3), &both] {
            assert_eq!(read(cursor).after.as_ref(), Some(cursor));
        }
        assert_eq!(read(&both).after_time_and_id().expect("both"), Some((at, id)));
        assert!(read(&both).after_id::<Uuid>().is_err());
        assert!(read(&Cursor::Id(id)).after_time_and_id::<Uuid>().is_err());
    }

    #[test]
    fn a_limit_is_from_one_to_a_hundred() {
        for (query, limit) in [("", 20), ("limit=1", 1), ("limit=100&x=1", 100), ("limit=&cursor=", 20)] {
            assert_eq!(parse(query).expect(query).limit, limit);
        }
        for query in ["limit=0", "limit=101", "limit=-1", "limit=x", "cursor=!!", "cursor=AAAA"] {
            assert_eq!(parse(query).expect_err(query).status.as_u16(), 422);
        }
    }

    #[test]
    fn the_next_cursor_is_the_last_row_shown() {
        let page = parse("limit=2").expect("a page");
        let listing = page.listing(vec![9_i64, 8, 7], |n| Cursor::Number(*n), |n| n);
        assert_eq!(listing.items, [9, 8]);
        let next = parse(&format!("cursor={}", listing.next_cursor.expect("there is more"))).expect("a page");
        assert_eq!(next.after_number().expect("a number"), Some(8));
        assert!(next.after_id::<Uuid>().is_err());
        assert_eq!(page.listing(vec![2_i64, 1], |n| Cursor::Number(*n), |n| n).next_cursor, None);
        let row = Cursor::Row { micros: -7, key: "a/é".to_owned() };
        assert_eq!(Cursor::decode(&row.encode()), Some(row));
        assert_eq!(Cursor::decode(".AAAA"), None);
    }
}
