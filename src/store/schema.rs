//! The columns that searches name, for diesel's query builder. Written by hand from `migrations/`:
//! only what is asked for by filters that come and go; statements over many rows are in
//! [`rows`](super::rows).

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::sql_types::IdSql;
    sales (id) {
        id -> IdSql,
        store -> Text,
        receipt_key -> Text,
        register -> Text,
        external_id -> Nullable<Text>,
        business_date -> Text,
        customer_key -> Nullable<Text>,
        document -> Text,
        digest -> Binary,
        recorded_at -> BigInt,
        shares_promotions -> Bool,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::sql_types::IdSql;
    sale_lines (sale, line) {
        sale -> IdSql,
        line -> Integer,
        sku -> Text,
        sold -> BigInt,
        returned -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::sql_types::IdSql;
    sale_serials (serial_key, sale, line) {
        serial_key -> Text,
        sale -> IdSql,
        line -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::sql_types::IdSql;
    sale_tenders (sale, tender) {
        sale -> IdSql,
        tender -> Integer,
        card_fingerprint -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::sql_types::IdSql;
    returns (id) {
        id -> IdSql,
        store -> Text,
        operator -> Text,
        customer_key -> Nullable<Text>,
        status -> Text,
        currency -> Text,
        business_date -> Text,
        refund -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    audit_entries (store, seq) {
        store -> Text,
        seq -> BigInt,
        at -> BigInt,
        event -> Text,
        subject_id -> Nullable<Text>,
        leaf -> Text,
        hash -> Binary,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::sql_types::IdSql;
    gift_card_entries (card, entry) {
        card -> IdSql,
        entry -> Integer,
        at -> BigInt,
        kind -> Text,
        amount -> BigInt,
        balance -> BigInt,
        reference -> Nullable<Text>,
        store -> Text,
        register -> Nullable<Text>,
        operator -> Text,
        reverses -> Nullable<Integer>,
    }
}

diesel::table! {
    use crate::store::sql_types::IdSql;
    gift_cards (id) {
        id -> IdSql,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::sql_types::IdSql;
    sale_voids (sale) {
        sale -> IdSql,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::sql_types::IdSql;
    return_lines (return_id, line) {
        return_id -> IdSql,
        line -> Integer,
        sale -> IdSql,
        sale_line -> Integer,
        reason -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::sql_types::IdSql;
    unreceipted_lines (return_id, line) {
        return_id -> IdSql,
        line -> Integer,
        sku -> Text,
        reason -> Text,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    sales,
    sale_lines,
    sale_serials,
    sale_tenders,
    sale_voids,
    returns,
    return_lines,
    unreceipted_lines,
);
