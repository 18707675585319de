//! The calendar, as far as a battery clock needs it.

/// Seconds from the epoch to a moment of the proleptic Gregorian calendar, UTC.
///
/// `None` for what is no moment (month 13, February 30, hour 24) or lies before 1970. A leap
/// second (`second` 60) counts as the next minute's first, as in POSIX.
pub fn seconds_since_epoch(
    year: u64,
    month: u64,
    day: u64,
    hour: u64,
    minute: u64,
    second: u64,
) -> Option<u64> {
    const DAYS: [u64; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    const MAX_YEAR: u64 = 9999;
    if !(1970..=MAX_YEAR).contains(&year) || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let month_index = usize::try_from(month.checked_sub(1)?).ok()?;
    let february = |m: usize| u64::from(leap && m == 1);
    let month_days = DAYS.get(month_index)? + february(month_index);
    if !(1..=month_days).contains(&day) {
        return None;
    }
    let leap_days_before = |year: u64| (year - 1) / 4 - (year - 1) / 100 + (year - 1) / 400;
    let year_days = (year - 1970) * 365 + leap_days_before(year) - leap_days_before(1970);
    let days_before: u64 =
        DAYS.iter().take(month_index).enumerate().map(|(m, days)| days + february(m)).sum();
    let days = year_days + days_before + day - 1;
    Some(((days * 24 + hour) * 60 + minute) * 60 + second)
}

#[cfg(test)]
mod tests {
    use super::seconds_since_epoch as seconds;

    #[test]
    fn known_moments() {
        assert_eq!(seconds(1970, 1, 1, 0, 0, 0), Some(0));
        assert_eq!(seconds(2000, 2, 29, 12, 0, 0), Some(951_825_600));
        assert_eq!(seconds(2000, 3, 1, 0, 0, 0), Some(951_868_800));
        assert_eq!(seconds(2026, 11, 21, 9, 30, 15), Some(1_795_253_415));
        assert_eq!(seconds(2038, 1, 19, 3, 14, 8), Some(1 << 31));
    }

    #[test]
    fn no_moments() {
        assert_eq!(seconds(2025, 2, 29, 0, 0, 0), None);
        assert_eq!(seconds(2025, 13, 1, 0, 0, 0), None);
        assert_eq!(seconds(2025, 0, 1, 0, 0, 0), None);
        assert_eq!(seconds(2025, 1, 0, 0, 0, 0), None);
        assert_eq!(seconds(2025, 1, 1, 24, 0, 0), None);
        assert_eq!(seconds(1969, 12, 31, 23, 59, 59), None);
    }
}
