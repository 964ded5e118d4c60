//! Where a name falls among all numbers: uniform over names, always the same for one, another with another salt. Pure.

/// FNV-1a with the finish of Murmur 3: the same in every version of this program, which a router that is replaced in the
/// middle of a canary needs.
pub(crate) fn spread(salt: &[u8], name: &[u8]) -> u64 {
    let sum = salt.iter().chain(name).fold(0xcbf2_9ce4_8422_2325_u64, |sum, &byte| {
        (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let sum = (sum ^ (sum >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    let sum = (sum ^ (sum >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    sum ^ (sum >> 33)
}
