//! The files that a registry starts with.

use camino::Utf8Path;
use fs_err as fs;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use serde_json::json;

/// The name of the settings file.
pub(super) const FILE: &str = "settings.yaml";

/// The folder of what is pushed, beside it.
pub(super) const STORE: &str = "storage";

/// The name that a registry with basic authentication knows.
pub const USER: &str = "alice";

/// The password of [`USER`].
pub const PASSWORD: &str = "wonderland";

/// [`PASSWORD`] as the registry stores it: bcrypt, at a low cost because every request pays it.
const STORED_PASSWORD: &str = "$2b$05$abcdefghijklmnopqrstuuA0vov2GDneHB3.8.cv9UF9g.RdvScIW";

/// Writes the settings, and returns the certificate of the authority when there is one.
pub(super) fn write(folder: &Utf8Path, basic_auth: bool, tls: bool) -> Option<String> {
    let mut settings = json!({
        "version": "0.1",
        "log": { "level": "info", "accesslog": { "disabled": false } },
        "storage": { "filesystem": { "rootdirectory": folder.join(STORE).as_str() }, "delete": { "enabled": true } },
        // The registry takes a free port and says which.
        "http": { "addr": "127.0.0.1:0", "secret": "the same for every upload of one registry" },
    });
    if basic_auth {
        let file = folder.join("passwords");
        write_file(&file, &format!("{USER}:{STORED_PASSWORD}\n"));
        settings["auth"] = json!({ "htpasswd": { "realm": "registry", "path": file.as_str() } });
    }
    let mut authority = None;
    if tls {
        let (certificate, key) = (folder.join("certificate.pem"), folder.join("key.pem"));
        let made = certificates();
        write_file(&certificate, &made.certificate);
        write_file(&key, &made.key);
        settings["http"]["tls"] = json!({ "certificate": certificate.as_str(), "key": key.as_str() });
        authority = Some(made.authority);
    }
    // JSON is YAML, and its quoting has no surprises.
    write_file(&folder.join(FILE), &settings.to_string());
    authority
}

fn write_file(path: &Utf8Path, text: &str) {
    fs::write(path, text).expect("the temporary folder can be written");
}

struct Certificates {
    authority: String,
    certificate: String,
    key: String,
}

fn certificates() -> Certificates {
    let authority_key = KeyPair::generate().expect("a key can be made");
    let mut authority = CertificateParams::new(Vec::<String>::new()).expect("no name is no wrong name");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority_certificate = authority.self_signed(&authority_key).expect("the authority signs itself");
    let key = KeyPair::generate().expect("a key can be made");
    let names = vec!["127.0.0.1".to_owned(), "localhost".to_owned()];
    let server = CertificateParams::new(names).expect("the names are well formed");
    let issuer = Issuer::from_params(&authority, &authority_key);
    let certificate = server.signed_by(&key, &issuer).expect("the authority signs");
    Certificates { authority: authority_certificate.pem(), certificate: certificate.pem(), key: key.serialize_pem() }
}
