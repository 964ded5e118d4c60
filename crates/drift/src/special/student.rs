//! Student's t by the incomplete beta function (continued fraction of Lentz, DLMF 8.17.22).

use super::gamma::away_from_zero;

const EXACT: f64 = 1e-16;
const MOST_TERMS: u32 = 1_000_000;
/// From here on the asymptotic series of the ratio of gamma functions is exact to the last digit.
const SERIES_FROM: f64 = 40.0;

/// The probability that |t| with so many degrees of freedom is above `t`.
pub(crate) fn two_sided(degrees: f64, t: f64) -> f64 {
    if t.is_nan() || degrees.is_nan() || degrees <= 0.0 {
        return f64::NAN;
    }
    if t.is_infinite() {
        return 0.0;
    }
    let square = t * t;
    let rest = square / (degrees + square);
    let a = degrees / 2.0;
    // (degrees / (degrees + t²))^a (t² / (degrees + t²))^(1/2) / B(a, 1/2)
    let log = -a * (square / degrees).ln_1p() + 0.5 * rest.ln();
    let front = log.exp() / beta_with_half(a);
    if 1.0 - rest < (a + 1.0) / (a + 2.5) {
        front * fraction(a, 0.5, 1.0 - rest) / a
    } else {
        1.0 - front * fraction(0.5, a, rest) / 0.5
    }
}

/// B(a, 1/2) = Γ(a) √π / Γ(a + 1/2).
fn beta_with_half(a: f64) -> f64 {
    let root = std::f64::consts::PI.sqrt();
    if a < SERIES_FROM {
        return (libm::lgamma(a) - libm::lgamma(a + 0.5)).exp() * root;
    }
    let i = 1.0 / a;
    let cubed = i * i * i;
    let log =
        -i / 8.0 + cubed / 192.0 - cubed * i * i / 640.0 + cubed * cubed * i * 17.0 / 14_336.0;
    root / (a.sqrt() * log.exp())
}

#[expect(clippy::many_single_char_names, reason = "as in the paper")]
fn fraction(a: f64, b: f64, x: f64) -> f64 {
    let mut c = 1.0;
    let mut d = 1.0 / away_from_zero(1.0 - (a + b) * x / (a + 1.0));
    let mut h = d;
    for m in 1..MOST_TERMS {
        let m = f64::from(m);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        d = 1.0 / away_from_zero(1.0 + even * d);
        c = away_from_zero(1.0 + even / c);
        h *= d * c;
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        d = 1.0 / away_from_zero(1.0 + odd * d);
        c = away_from_zero(1.0 + odd / c);
        h *= d * c;
        if (d * c - 1.0).abs() < EXACT {
            break;
        }
    }
    h
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tails_are_those_of_the_tables() {
        // 2 * scipy.special.stdtr(degrees, -t)
        for (degrees, t, p) in [
            (1.0, 1.0, 0.5),
            (148.0, 10.080_067_232_969_45, 1.619_532_741_847_949_9e-18),
            (2_000_000.0, 3.0, 0.002_699_829_302_232_134_2),
            (10.0, 0.001, 0.999_221_783_374_741),
        ] {
            let tail = two_sided(degrees, t);
            assert!((tail - p).abs() <= 1e-9 * p, "{degrees} {t}: {tail} {p}");
        }
    }
}
