//! The names that `limitador`'s disk storage is compiled against, and nothing behind them.
//!
//! Its Redis storage compiles only together with the disk storage (0.7 to 0.14: `storage/keys.rs` has `mod bin` for both, but only with
//! `disk_storage`), and that wants RocksDB 10, which would have to be compiled (Debian 12 has 7.8) and is not used here. A database of this
//! crate cannot be opened, so that no value of it exists: what could be asked of one is an empty `match`.
//!
//! The signatures follow <https://docs.rs/rocksdb/0.24>.

use std::{convert::Infallible, error, fmt, iter, marker::PhantomData, path::Path};

pub type DB = DBWithThreadMode<MultiThreaded>;

/// A database that is open, which none ever is.
pub struct DBWithThreadMode<T>(Infallible, PhantomData<T>);

pub struct MultiThreaded;

#[derive(Default)]
pub struct Options;

pub enum DBCompressionType {
    None,
    Bz2,
}

pub enum CompactionDecision {
    Keep,
    Remove,
}

pub enum IteratorMode {
    Start,
}

/// There is no RocksDB.
#[derive(Debug)]
pub struct Error;

#[derive(Debug, PartialEq, Eq)]
pub enum ErrorKind {
    NotSupported,
    TimedOut,
    TryAgain,
}

type Entry = Result<(Box<[u8]>, Box<[u8]>), Error>;

// === impl DBWithThreadMode ===

impl<T> DBWithThreadMode<T> {
    pub fn open(_: &Options, _: impl AsRef<Path>) -> Result<Self, Error> {
        Err(Error)
    }

    pub fn get(&self, _: impl AsRef<[u8]>) -> Result<Option<Vec<u8>>, Error> {
        match self.0 {}
    }

    pub fn merge(&self, _: impl AsRef<[u8]>, _: impl AsRef<[u8]>) -> Result<(), Error> {
        match self.0 {}
    }

    pub fn delete(&self, _: impl AsRef<[u8]>) -> Result<(), Error> {
        match self.0 {}
    }

    pub fn iterator(&self, _: IteratorMode) -> iter::Empty<Entry> {
        match self.0 {}
    }

    pub fn prefix_iterator(&self, _: impl AsRef<[u8]>) -> iter::Empty<Entry> {
        match self.0 {}
    }
}

// === impl Options ===

impl Options {
    pub fn create_if_missing(&mut self, _: bool) {}

    pub fn set_compression_type(&mut self, _: DBCompressionType) {}

    pub fn set_compaction_filter(&mut self, _: &str, _: impl FnMut(u32, &[u8], &[u8]) -> CompactionDecision) {}

    pub fn set_merge_operator_associative(
        &mut self,
        _: &str,
        _: impl Fn(&[u8], Option<&[u8]>, iter::Empty<&'static [u8]>) -> Option<Vec<u8>>,
    ) {
    }
}

// === impl Error ===

impl Error {
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::NotSupported
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("there is no RocksDB in this build")
    }
}

impl error::Error for Error {}
