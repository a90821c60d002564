//! Transactions: the only way to write, and reads that see one state.

use super::audit::Audited;
use super::connection::AnyConnection;
use super::{Db, StoreError};
use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use std::ops::{Deref, DerefMut};

/// A read handle: every statement through it sees one state of the database.
pub struct Read<'a> {
    connection: &'a mut AnyConnection,
}

impl Read<'_> {
    /// The connection, for the statements of this room.
    pub(super) fn connection(&mut self) -> &mut AnyConnection {
        self.connection
    }
}

/// A write handle, made by [`Db::write`] alone. It can do whatever a [`Read`] can.
pub struct Tx<'a>(Read<'a>);

impl<'a> Deref for Tx<'a> {
    type Target = Read<'a>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl DerefMut for Tx<'_> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

impl Db {
    /// Runs `work` in one transaction, which is committed if it succeeds and rolled back if it
    /// fails or panics.
    ///
    /// # Errors
    /// What `work` answers, or the database's fault. [`StoreError::CommitUnknown`] if the
    /// connection was lost while committing: look whether the work is there before doing it again.
    pub fn write<T, E: From<StoreError>>(
        connection: &mut AnyConnection,
        work: impl FnOnce(&mut Tx<'_>) -> Result<Audited<T>, E>,
    ) -> Result<T, E> {
        let transaction = Transaction::begin(connection, Begin::Write)?;
        let audited = work(&mut Tx(Read { connection: &mut *transaction.connection }))?;
        transaction.commit()?;
        Ok(audited.into_value())
    }

    /// Runs `work` on one state of the database; what others commit meanwhile is not seen.
    pub fn read<T, E: From<StoreError>>(
        connection: &mut AnyConnection,
        work: impl FnOnce(&mut Read<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let transaction = Transaction::begin(connection, Begin::Read)?;
        work(&mut Read { connection: &mut *transaction.connection })
    }
}

/// How a transaction begins.
pub(super) enum Begin {
    /// On SQLite the one writer's lock is taken at once: taken later, it could fail with "locked"
    /// half-way.
    Write,
    /// One snapshot for all statements.
    Read,
}

/// An open transaction, rolled back when dropped.
pub(super) struct Transaction<'a> {
    pub(super) connection: &'a mut AnyConnection,
    open: bool,
}

impl<'a> Transaction<'a> {
    pub(super) fn begin(connection: &'a mut AnyConnection, how: Begin) -> Result<Self, StoreError> {
        match (&mut *connection, how) {
            (AnyConnection::Postgres(c), Begin::Write) => {
                AnsiTransactionManager::begin_transaction_sql(c, "BEGIN")
            }
            (AnyConnection::Postgres(c), Begin::Read) => {
                AnsiTransactionManager::begin_transaction_sql(
                    c,
                    "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
                )
            }
            (AnyConnection::Sqlite(c), Begin::Write) => {
                AnsiTransactionManager::begin_transaction_sql(c, "BEGIN IMMEDIATE")
            }
            (AnyConnection::Sqlite(c), Begin::Read) => {
                AnsiTransactionManager::begin_transaction_sql(c, "BEGIN DEFERRED")
            }
        }?;
        Ok(Transaction { connection, open: true })
    }

    /// Commits. On PostgreSQL a `COMMIT` after a failed statement *succeeds*, by rolling back; a
    /// statement sent along with it (no further round trip) fails instead, so that nobody takes a
    /// lost batch for a kept one.
    pub(super) fn commit(mut self) -> Result<(), StoreError> {
        let done = match &mut *self.connection {
            AnyConnection::Postgres(c) => c.batch_execute("SELECT 1; COMMIT"),
            AnyConnection::Sqlite(c) => AnsiTransactionManager::commit_transaction(c),
        };
        self.open = done.is_err();
        done.map_err(|e| StoreError::from(e).at_commit())
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        // A rollback that fails has nothing to roll back, or leaves a connection that the next
        // `begin` reports as lost.
        if self.open {
            let _ = AnyConnection::rollback_transaction(self.connection);
        }
    }
}
