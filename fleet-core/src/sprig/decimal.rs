//! Decimal numbers of any length, for the functions on floats: sprig computes them with shopspring/decimal, so that
//! 0.1 + 0.2 is 0.3.

use num_bigint::{BigInt, Sign};

/// `digits` times ten to the power of `exponent`.
#[derive(Clone, Debug)]
pub(super) struct Decimal {
    digits: BigInt,
    exponent: i64,
}

/// Digits behind the point of a quotient.
const DIVISION_PLACES: i64 = 16;

impl Decimal {
    /// The decimal with the fewest digits that reads back as the float; none for infinities and NaN.
    pub(super) fn from_float(number: f64) -> Option<Self> {
        if !number.is_finite() {
            return None;
        }
        let text = format!("{number:e}");
        let (mantissa, exponent) = text.split_once('e')?;
        let decimals = mantissa.split_once('.').map_or(0, |(_, decimals)| decimals.len());
        let digits = mantissa.replace('.', "").parse().ok()?;
        Some(Self {
            digits,
            exponent: exponent.parse::<i64>().ok()? - decimals as i64,
        })
    }

    pub(super) fn to_float(&self) -> f64 {
        format!("{}e{}", self.digits, self.exponent).parse().unwrap_or(f64::NAN)
    }

    fn scaled_to(&self, exponent: i64) -> BigInt {
        let factor = u32::try_from(self.exponent - exponent).unwrap_or(0);
        &self.digits * BigInt::from(10).pow(factor)
    }

    fn combined(&self, other: &Self, operation: impl Fn(BigInt, BigInt) -> BigInt) -> Self {
        let exponent = self.exponent.min(other.exponent);
        Self {
            digits: operation(self.scaled_to(exponent), other.scaled_to(exponent)),
            exponent,
        }
    }

    pub(super) fn plus(&self, other: &Self) -> Self {
        self.combined(other, |left, right| left + right)
    }

    pub(super) fn minus(&self, other: &Self) -> Self {
        self.combined(other, |left, right| left - right)
    }

    pub(super) fn times(&self, other: &Self) -> Self {
        Self {
            digits: &self.digits * &other.digits,
            exponent: self.exponent + other.exponent,
        }
    }

    /// The quotient to 16 places, rounded half away from zero; none by zero.
    pub(super) fn divided_by(&self, other: &Self) -> Option<Self> {
        if other.digits.sign() == Sign::NoSign {
            return None;
        }
        // digits / other.digits * 10^(exponent - other.exponent) in units of 10^-16.
        let shift = self.exponent - other.exponent + DIVISION_PLACES;
        let power = BigInt::from(10).pow(u32::try_from(shift.unsigned_abs()).unwrap_or(u32::MAX));
        let (numerator, denominator) = if shift >= 0 {
            (&self.digits * power, other.digits.clone())
        } else {
            (self.digits.clone(), &other.digits * power)
        };
        let mut quotient = &numerator / &denominator;
        let rest = &numerator % &denominator;
        let twice = BigInt::from_biguint(Sign::Plus, rest.magnitude() * 2_u32);
        if twice.magnitude() >= denominator.magnitude() {
            let same_sign = (numerator.sign() == Sign::Minus) == (denominator.sign() == Sign::Minus);
            quotient += if same_sign { 1 } else { -1 };
        }
        Some(Self {
            digits: quotient,
            exponent: -DIVISION_PLACES,
        })
    }
}
