// SPDX-License-Identifier: MIT OR Apache-2.0
//! Minor units as Stripe counts them, where that differs from ISO 4217.
//!
//! Source: docs.stripe.com/currencies, "Zero-decimal currencies" and "Special cases" (November 2026).

use makegood_desk::amount::{Amount, Currency};

/// Currencies that Stripe counts with other digits than ISO 4217 gives them.
///
/// The króna and the Ugandan shilling have no minor unit any more, but Stripe goes on counting hundredths; the ariary's fifths it does not count.
const OTHERWISE: [(&str, u8); 3] = [("ISK", 2), ("UGX", 2), ("MGA", 0)];

/// The digits by which Stripe counts a currency.
fn digits(currency: Currency) -> u8 {
    OTHERWISE
        .iter()
        .find(|(code, _)| *code == currency.code())
        .map_or(currency.digits(), |(_, digits)| *digits)
}

/// So many minor units of `from` digits, in `to` digits; `None` where that is not a whole number.
fn counted(minor: u64, from: u8, to: u8) -> Option<u64> {
    let scale = 10_u64.checked_pow(u32::from(from.abs_diff(to)))?;
    if from <= to {
        minor.checked_mul(scale)
    } else {
        minor.is_multiple_of(scale).then_some(minor / scale)
    }
}

/// An amount as Stripe counts it, and its code as Stripe writes it.
///
/// # Errors
/// Stripe cannot express it.
pub(super) fn outward(amount: Amount) -> Result<(u64, String), String> {
    let currency = amount.currency();
    let minor = counted(amount.minor(), currency.digits(), digits(currency)).ok_or_else(|| {
        format!(
            "{} minor units of {} are not a whole number of the units in which Stripe counts {1}",
            amount.minor(),
            currency.code()
        )
    })?;
    Ok((minor, currency.code().to_ascii_lowercase()))
}

/// An amount that Stripe counted.
///
/// # Errors
/// The currency is unknown here, the amount is negative or not whole.
pub(super) fn inward(minor: i64, code: &str) -> Result<Amount, String> {
    let upper = code.to_ascii_uppercase();
    let currency = iso_currency::Currency::from_code(&upper)
        .and_then(|known| u8::try_from(known.exponent()?).ok())
        .and_then(|digits| Currency::new(&upper, digits))
        .ok_or_else(|| "a currency that ISO 4217 does not have".to_owned())?;
    let minor = u64::try_from(minor).map_err(|_| "a negative amount".to_owned())?;
    counted(minor, digits(currency), currency.digits())
        .map(|minor| Amount::new(minor, currency))
        .ok_or_else(|| format!("an amount that is not whole in {upper}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stripe_counts_some_currencies_otherwise() {
        // currency, its digits by ISO 4217, our minor units, Stripe's (`None`: cannot be expressed).
        let table = [
            ("EUR", 2, 4_990, Some(4_990)),
            ("JPY", 0, 500, Some(500)),
            ("KWD", 3, 5_120, Some(5_120)),
            ("ISK", 0, 5, Some(500)),
            ("UGX", 0, 5, Some(500)),
            ("MGA", 2, 500, Some(5)),
            ("MGA", 2, 501, None),
            ("ISK", 0, u64::MAX, None),
        ];
        for (code, digits, ours, theirs) in table {
            let amount = Amount::new(ours, Currency::new(code, digits).expect("a code"));
            let out = outward(amount);
            assert_eq!(
                out.as_ref().ok().map(|(minor, _)| *minor),
                theirs,
                "{code} {ours}"
            );
            if let Ok((minor, code)) = out {
                let minor = i64::try_from(minor).expect("small");
                assert_eq!(inward(minor, &code), Ok(amount), "{code} {ours}");
            }
        }
    }

    #[test]
    fn an_amount_that_cannot_be_read_is_said_so() {
        let table = [
            (-1, "eur", "a negative amount"),
            (1, "xyz", "a currency that ISO 4217 does not have"),
            (1, "xau", "a currency that ISO 4217 does not have"),
            (1, "", "a currency that ISO 4217 does not have"),
            (50, "isk", "an amount that is not whole in ISK"),
        ];
        for (minor, code, why) in table {
            assert_eq!(inward(minor, code), Err(why.to_owned()), "{minor} {code}");
        }
    }
}
