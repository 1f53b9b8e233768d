//! What each scheme reads, and in which order.

use super::*;

fn shown(scheme: Scheme, text: &str) -> String {
    match scheme.read(text) {
        Ok((version, None)) => version.to_string(),
        Ok((version, Some(flavour))) => format!("{version}, {flavour} of {}*", flavour.kind()),
        Err(reason) => reason.name().to_owned(),
    }
}

#[test]
fn loose_reads_what_public_images_write() {
    for (text, read) in [
        ("16", "16"),
        ("v1.2", "1.2"),
        ("V1.2.3.4", "1.2.3.4"),
        ("1.2.3.4.5", "no-version"),
        ("2024.01.02", "2024.1.2"),
        ("1.2.3-r4", "1.2.3 build 4"),
        ("9.0.0-62", "9.0.0 build 62"),
        ("8.5-239.1651231664", "8.5 build 239.1651231664"),
        ("12-20240211", "12 build 20240211"),
        ("8u412-b08-jre", "8.0.412 build 8, jre of jre*"),
        (
            "8u412-b08-jdk-windowsservercore-ltsc2022",
            "8.0.412 build 8, jdk-windowsservercore-ltsc2022 of jdk-windowsservercore-ltsc*",
        ),
        ("17.0.11_9-jre-jammy", "17.0.11 build 9, jre-jammy of jre-jammy*"),
        ("RELEASE.2024-01-02T03-04-05Z", "2024.1.2 build 3.4.5"),
        ("RELEASE.2024-01-02T03-04-05Z-cpuv1", "2024.1.2 build 3.4.5, cpuv1 of cpuv*"),
        ("RELEASE.2024-01-02T03-04-05Z.fips", "2024.1.2 build 3.4.5, fips of fips*"),
        ("RELEASE.2024-01-02T03-04-05Zx", "no-version"),
        ("3.4.6-debian-9-r24", "3.4.6, debian-9-r24 of debian-*-r*"),
        ("16.4-alpine3.20", "16.4, alpine3.20 of alpine*"),
        ("18beta1", "18-beta.1"),
        ("18beta1-alpine", "18-beta.1, alpine of alpine*"),
        ("3.8.0b1", "3.8.0-beta.1"),
        ("3.13.0rc2-slim", "3.13.0-rc.2, slim of slim*"),
        ("1.2.0-rc.1", "1.2.0-rc.1"),
        ("1.2.0-RC01", "1.2.0-rc.1"),
        ("9.0.0-preview.7.24405.7", "9.0.0-preview.7.24405.7"),
        ("1.0-SNAPSHOT", "1.0-0.dev"),
        ("4.0.0-M2", "4.0.0-milestone.2"),
        ("22-ea-13-jdk", "22-ea build 13, jdk of jdk*"),
        ("1.21.3-alpine-slim", "1.21.3, alpine-slim of alpine-slim*"),
        ("1.2.3-5-gabcdef0", "1.2.3 build 5, gabcdef0 of gabcdef*"),
        ("1.2.3.fips", "1.2.3, fips of fips*"),
        ("1.2.3-", "1.2.3,  of *"),
        ("latest", "no-version"),
        ("bookworm-20240211", "no-version"),
        ("7e3a9b1", "no-version"),
        ("3f", "no-version"),
        ("99999999999999999999", "no-version"),
        ("1-99999999999999999999", "no-version"),
        ("sha256-0123", "no-version"),
        ("", "no-version"),
        ("v", "no-version"),
    ] {
        assert_eq!(shown(Scheme::Loose, text), read, "{text}");
    }
}

#[test]
fn semver_is_to_the_letter_behind_a_v() {
    for (text, read) in [
        ("v1.2.3", "1.2.3"),
        ("1.2.3-rc.1", "1.2.3-rc.1"),
        ("1.2", "no-version"),
        ("01.2.3", "no-version"),
        ("1.2.3-01", "leading-zeros"),
        ("1.2.3.4", "no-version"),
    ] {
        assert_eq!(shown(Scheme::Semver, text), read, "{text}");
    }
}

#[test]
fn calver_reads_days_and_nothing_else() {
    for (text, read) in [
        ("2024.1", "2024.1"),
        ("24.04", "24.4"),
        ("2024.01.16-1", "2024.1.16 build 1"),
        ("20240211", "2024.2.11"),
        ("20240211.2", "2024.2.11 build 2"),
        ("20240211-slim", "2024.2.11, slim of slim*"),
        ("202402111530", "2024.2.11 build 1530"),
        ("2024-01-16", "2024.1.16"),
        ("2024_01_16-alpine", "2024.1.16, alpine of alpine*"),
        ("RELEASE.2024-01-02T03-04-05Z", "2024.1.2 build 3.4.5"),
        ("2024", "2024"),
        ("2024.13", "no-version"),
        ("20241301", "no-version"),
        ("4.3.2", "no-version"),
        ("10.20.1", "no-version"),
        ("1234567", "no-version"),
        ("latest", "no-version"),
    ] {
        assert_eq!(shown(Scheme::Calver, text), read, "{text}");
    }
}

#[test]
fn versions_rise_as_their_schemes_say() {
    for (scheme, rising) in [
        (
            Scheme::Loose,
            &[
                "1.2-dev",
                "1.2-alpha1",
                "1.2-beta1",
                "1.2-m1",
                "1.2-rc1",
                "1.2-rc2",
                "1.2",
                "1.2.0",
                "1.2-r1",
                "1.2-r10",
                "1.2.1",
            ][..],
        ),
        (Scheme::Loose, &["8u402-b06", "8u412-b07", "8u412-b08", "11.0.2", "11.0.2_9", "11.0.23_9"]),
        (
            // The order of PEP 440, "Summary of permitted suffixes and relative ordering".
            Scheme::Pep440,
            &[
                "1.0.dev456",
                "1.0a1",
                "1.0a2.dev456",
                "1.0a12.dev456",
                "1.0a12",
                "1.0b1.dev456",
                "1.0b2",
                "1.0b2.post345.dev456",
                "1.0b2.post345",
                "1.0rc1.dev456",
                "1.0rc1",
                "1.0",
                "1.0.post456.dev34",
                "1.0.post456",
                "1.1.dev1",
            ],
        ),
        (Scheme::Calver, &["2023.12", "2024.01.02", "20240211", "20240211.1", "2024-02-12"]),
        (Scheme::Semver, &["1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-rc.1", "1.0.0", "1.0.1"]),
    ] {
        let read: Vec<TagVersion> = rising.iter().map(|text| scheme.read(text).unwrap().0).collect();
        for (at, pair) in read.windows(2).enumerate() {
            assert!(pair[0] < pair[1], "{scheme:?}: {} {}", rising[at], rising[at + 1]);
        }
    }
}

#[test]
fn pep440_takes_every_spelling_that_it_normalises_and_no_flavour() {
    for (text, read) in [
        ("3.13.0rc2", "3.13.0-rc.2"),
        ("1.0-RC.1", "1.0-rc.1"),
        ("1.0c1", "1.0-rc.1"),
        ("1.0-1", "1.0 build 1"),
        ("1.0.post2", "1.0 build 2"),
        ("1.0-r4", "1.0 build 4"),
        ("1.0.dev", "1.0-0.dev.0"),
        ("v2024.1", "2024.1"),
        ("3.12.1-slim", "no-version"),
        ("1.0a99999999999999999999", "no-version"),
        ("latest", "no-version"),
    ] {
        assert_eq!(shown(Scheme::Pep440, text), read, "{text}");
    }
}
