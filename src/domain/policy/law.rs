//! The little that matching and lint know of law: which regions are of the EU, and what it grants.

/// Member states of the EU, ISO 3166-1.
const EU: [&str; 27] = [
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT",
    "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
];

/// Currencies of member states, for policies that name no region.
const EU_CURRENCIES: [&str; 7] = ["CZK", "DKK", "EUR", "HUF", "PLN", "RON", "SEK"];

/// Days from delivery in which a consumer may withdraw from a distance sale (Directive 2011/83/EU,
/// article 9).
pub const EU_WITHDRAWAL_DAYS: u32 = 14;

/// Channels by which goods are sold at a distance.
pub const DISTANCE_CHANNELS: [&str; 3] = ["online", "phone", "mail"];

/// The region itself, then what it lies in: `DE-BY`, `DE`, `EU`.
pub fn region_and_around(region: &str) -> impl Iterator<Item = &str> {
    let country = region.split_once('-').map(|(country, _)| country);
    let union = EU.contains(&country.unwrap_or(region)).then_some("EU");
    [Some(region), country, union].into_iter().flatten()
}

/// Whether a rule's region is the EU, a member state or a part of one.
pub fn is_eu(region: &str) -> bool {
    region_and_around(region).any(|around| around == "EU")
}

pub fn is_eu_currency(code: &str) -> bool {
    EU_CURRENCIES.contains(&code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_lies_in_its_country_and_a_member_state_in_the_union() {
        let around = |region| region_and_around(region).collect::<Vec<_>>();
        assert_eq!(around("DE-BY"), ["DE-BY", "DE", "EU"]);
        assert_eq!(around("FR"), ["FR", "EU"]);
        assert_eq!(around("US-NY"), ["US-NY", "US"]);
        assert_eq!(around("EU"), ["EU"]);
        assert!(!is_eu("GB") && is_eu("EU"));
    }
}
