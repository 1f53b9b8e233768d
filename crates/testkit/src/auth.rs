//! Who may do what: nothing is asked, a password, or a token from a realm.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::server::{Answer, Asked, Route};

/// How a registry authenticates.
#[derive(Clone, Debug, Default)]
pub enum Auth {
    /// Everybody may do everything.
    #[default]
    None,
    /// Every request carries one user's name and password.
    Basic {
        /// The user's name.
        user: String,
        /// The user's password.
        password: String,
    },
    /// Every request carries a token whose scope covers it.
    Token(TokenAuth),
}

impl Auth {
    /// Asks every request for one user's name and password.
    pub fn basic(user: &str, password: &str) -> Self {
        Self::Basic { user: user.to_owned(), password: password.to_owned() }
    }

    /// Asks every request for a token that anybody gets for pulling.
    pub fn token() -> TokenAuth {
        TokenAuth {
            user: None,
            anonymous: true,
            private: Vec::new(),
            refresh_tokens: Vec::new(),
            passwords: Vec::new(),
            uses: None,
            expires_in: Some(300),
            realm: Realm::Itself,
            field: "token".to_owned(),
            service: "testkit".to_owned(),
        }
    }
}

impl From<TokenAuth> for Auth {
    fn from(auth: TokenAuth) -> Self {
        Self::Token(auth)
    }
}

/// Where a registry sends its clients for a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Realm {
    /// To `/token` on the registry's own host.
    Itself,
    /// To `/token` on the registry's [`second_host`](crate::Registry::second_host).
    SecondHost,
    /// To any address.
    At(String),
}

/// How tokens are given and what they are good for.
#[derive(Clone, Debug)]
pub struct TokenAuth {
    user: Option<(String, String)>,
    anonymous: bool,
    private: Vec<String>,
    refresh_tokens: Vec<String>,
    passwords: Vec<String>,
    uses: Option<u64>,
    expires_in: Option<u64>,
    realm: Realm,
    field: String,
    service: String,
}

impl TokenAuth {
    /// Gives tokens for pulling and pushing to a user with a password.
    #[must_use]
    pub fn user(mut self, user: &str, password: &str) -> Self {
        self.user = Some((user.to_owned(), password.to_owned()));
        self
    }

    /// Gives no token to a request without credentials.
    #[must_use]
    pub fn no_anonymous(mut self) -> Self {
        self.anonymous = false;
        self
    }

    /// Gives anonymous clients a token for this repository that opens nothing.
    #[must_use]
    pub fn private(mut self, repository: &str) -> Self {
        self.private.push(repository.to_owned());
        self
    }

    /// Asks for the user's password before this repository, and takes no token.
    #[must_use]
    pub fn password_for(mut self, repository: &str) -> Self {
        self.passwords.push(repository.to_owned());
        self
    }

    /// Gives a token for a refresh token (an identity token), sent as a form.
    #[must_use]
    pub fn refresh_token(mut self, token: &str) -> Self {
        self.refresh_tokens.push(token.to_owned());
        self
    }

    /// Refuses a token after that many requests.
    #[must_use]
    pub fn uses(mut self, uses: u64) -> Self {
        self.uses = Some(uses);
        self
    }

    /// Says `expires_in`, or nothing; no clock enforces it.
    #[must_use]
    pub fn expires_in(mut self, seconds: Option<u64>) -> Self {
        self.expires_in = seconds;
        self
    }

    /// Sends clients somewhere else for their token.
    #[must_use]
    pub fn realm(mut self, realm: Realm) -> Self {
        self.realm = realm;
        self
    }

    /// Puts the token in this field only: `token` or `access_token`.
    #[must_use]
    pub fn field(mut self, field: &str) -> Self {
        field.clone_into(&mut self.field);
        self
    }

    /// Calls the service by another name than `testkit`.
    #[must_use]
    pub fn service(mut self, service: &str) -> Self {
        service.clone_into(&mut self.service);
        self
    }

    fn is_user(&self, user: &str, password: &str) -> bool {
        self.user.as_ref().is_some_and(|(name, secret)| name == user && secret == password)
    }
}

/// What a token opens: `(repository, action)` pairs.
#[derive(Debug)]
struct Grant {
    scopes: Vec<(String, String)>,
    uses: Option<u64>,
}

/// The tokens that were given.
#[derive(Default)]
pub(crate) struct Gatekeeper {
    pub(crate) auth: Auth,
    grants: Mutex<BTreeMap<String, Grant>>,
}

/// The addresses that a challenge may name.
pub(crate) struct Addresses<'a> {
    pub(crate) own: &'a str,
    pub(crate) second: &'a str,
}

impl Gatekeeper {
    pub(crate) fn new(auth: Auth) -> Self {
        Self { auth, grants: Mutex::default() }
    }

    /// Returns the refusal of a request that lacks what it needs.
    pub(crate) fn refusal(&self, asked: &Asked, addresses: &Addresses<'_>) -> Option<Answer> {
        let denied = Answer::error(401, "UNAUTHORIZED", "authentication required");
        match &self.auth {
            Auth::None => None,
            Auth::Basic { user, password } => {
                let known = basic(asked).is_some_and(|given| given == (user.clone(), password.clone()));
                (!known).then(|| denied.with("www-authenticate", "Basic realm=\"testkit\""))
            }
            Auth::Token(auth) => {
                let scope = scope(asked);
                if scope.as_ref().is_some_and(|(repository, _)| auth.passwords.contains(repository)) {
                    let known = basic(asked).is_some_and(|(user, password)| auth.is_user(&user, &password));
                    return (!known).then(|| denied.with("www-authenticate", "Basic realm=\"testkit\""));
                }
                let error = self.token_error(asked, scope.as_ref())?;
                let realm = match &auth.realm {
                    Realm::Itself => format!("{}/token", addresses.own),
                    Realm::SecondHost => format!("{}/token", addresses.second),
                    Realm::At(address) => address.clone(),
                };
                let mut challenge = format!("Bearer realm=\"{realm}\",service=\"{}\"", auth.service);
                if let Some((repository, action)) = &scope {
                    let actions = if action == "push" { "pull,push" } else { action };
                    let kind = if repository == "catalog" { "registry" } else { "repository" };
                    challenge.extend([",scope=\"", kind, ":", repository, ":", actions, "\""]);
                }
                challenge.push_str(error);
                Some(denied.with("www-authenticate", &challenge))
            }
        }
    }

    fn token_error(&self, asked: &Asked, scope: Option<&(String, String)>) -> Option<&'static str> {
        let given = asked.authorization.as_deref().and_then(|value| value.strip_prefix("Bearer "));
        let Some(token) = given else { return Some("") };
        let mut grants = self.grants.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(grant) = grants.get_mut(token) else {
            return Some(",error=\"invalid_token\"");
        };
        if scope.is_some_and(|scope| !grant.scopes.contains(scope)) {
            return Some(",error=\"insufficient_scope\"");
        }
        match &mut grant.uses {
            Some(0) => Some(",error=\"invalid_token\""),
            Some(uses) => {
                *uses -= 1;
                None
            }
            None => None,
        }
    }

    /// Answers a request for a token.
    pub(crate) fn token(&self, asked: &Asked, form: &[u8]) -> Answer {
        let Auth::Token(auth) = &self.auth else {
            return Answer::error(404, "UNSUPPORTED", "this registry gives no tokens");
        };
        let query = asked.query.as_deref().unwrap_or_default().as_bytes();
        // A body that is not called a form is none, as for Go's `ParseForm`.
        let is_form = asked.content_type.as_deref() == Some("application/x-www-form-urlencoded");
        let source = match asked.method.as_str() {
            "POST" if is_form => form,
            "POST" => b"",
            _ => query,
        };
        let fields: Vec<(String, String)> = form_urlencoded::parse(source).into_owned().collect();
        let field = |name: &str| fields.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.as_str());
        let known = match (asked.method.as_str(), field("grant_type"), basic(asked)) {
            ("POST", "refresh_token", _) => {
                Some(auth.refresh_tokens.iter().any(|token| token == field("refresh_token")))
            }
            ("POST", "password", _) => Some(auth.is_user(field("username"), field("password"))),
            ("GET", _, Some((user, password))) => Some(auth.is_user(&user, &password)),
            ("GET", _, None) => None,
            _ => return Answer::error(400, "UNSUPPORTED", "unknown grant type"),
        };
        match known {
            Some(false) => {
                return Answer::error(401, "UNAUTHORIZED", "incorrect user name or password");
            }
            None if !auth.anonymous => {
                return Answer::error(401, "UNAUTHORIZED", "authentication required");
            }
            Some(true) | None => {}
        }
        let scopes = fields.iter().filter(|(key, _)| key == "scope").flat_map(|(_, value)| value.split(' '));
        let scopes = scopes
            .flat_map(parse_scope)
            .filter(|(repository, action)| known.is_some() || (action == "pull" && !auth.private.contains(repository)));
        self.grant(auth, scopes.collect(), asked.method == "POST")
    }

    fn grant(&self, auth: &TokenAuth, scopes: Vec<(String, String)>, oauth: bool) -> Answer {
        let mut grants = self.grants.lock().unwrap_or_else(PoisonError::into_inner);
        let token = format!("testkit-token-{}", grants.len() + 1);
        grants.insert(token.clone(), Grant { scopes, uses: auth.uses });
        let mut document = serde_json::Map::new();
        // OAuth 2 answers, which a form gets, have `access_token` alone.
        let field = if oauth { "access_token" } else { auth.field.as_str() };
        document.insert(field.to_owned(), json!(token));
        if let Some(seconds) = auth.expires_in {
            document.insert("expires_in".to_owned(), json!(seconds));
        }
        Answer::json(200, &document.into())
    }
}

fn basic(asked: &Asked) -> Option<(String, String)> {
    let encoded = asked.authorization.as_deref()?.strip_prefix("Basic ")?;
    let text = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
    let (user, password) = text.split_once(':')?;
    Some((user.to_owned(), password.to_owned()))
}

/// Returns the repository and the action that a request needs.
fn scope(asked: &Asked) -> Option<(String, String)> {
    let action = match asked.method.as_str() {
        "GET" | "HEAD" => "pull",
        "DELETE" => "delete",
        _ => "push",
    };
    match &asked.route {
        Route::Manifest { repository, .. }
        | Route::Blob { repository, .. }
        | Route::Tags { repository }
        | Route::Referrers { repository, .. } => Some((repository.clone(), action.to_owned())),
        Route::Uploads { repository } | Route::Upload { repository, .. } => {
            Some((repository.clone(), "push".to_owned()))
        }
        Route::Catalog => Some(("catalog".to_owned(), "*".to_owned())),
        Route::Base | Route::Token | Route::Unknown => None,
    }
}

/// Reads `repository:<name>:<action>,<action>`.
fn parse_scope(text: &str) -> Vec<(String, String)> {
    let Some((_, rest)) = text.split_once(':') else {
        return Vec::new();
    };
    let Some((repository, actions)) = rest.rsplit_once(':') else {
        return Vec::new();
    };
    actions.split(',').map(|action| (repository.to_owned(), action.to_owned())).collect()
}
