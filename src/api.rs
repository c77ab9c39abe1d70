//! OpenRouter's API: which operation a method and a path name.
//!
//! See <https://openrouter.ai/docs/api-reference/overview>. Everything is served under `/api/v1` and, for clients that were set up for
//! OpenAI, under `/v1`.

use crate::error::ClientError;
use crate::secret::KeyHash;

/// What a client may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation<'a> {
    /// A model is asked.
    Inference(Api),
    /// `POST /messages/count_tokens`: how long a prompt is.
    CountTokens,
    /// Something that the configuration answers.
    Listing(Listing<'a>),
    /// Something that the accounts answer.
    Account(Account),
    /// A browser asks whether its page may ask.
    Preflight,
}

/// The API in which a model is asked, and in which it answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Api {
    /// `POST /chat/completions`, which all others are translated into.
    #[default]
    Chat,
    /// `POST /completions`: OpenAI's legacy completions.
    Completions,
    /// `POST /embeddings`.
    Embeddings,
    /// `POST /messages`: Anthropic's Messages.
    Messages,
    /// `POST /responses`: OpenAI's Responses.
    Responses,
}

/// What the accounts answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Account {
    /// `GET /generation?id=`: what became of a request.
    Generation,
    /// `GET /key`, or `GET /auth/key`: what the key has spent.
    Key,
    /// `GET /credits`: what all keys have spent.
    Credits,
    /// `GET /activity`: what was used on the last days.
    Activity,
    /// `GET /keys`: every key, and what it has spent.
    Keys,
    /// `GET /keys/{hash}`: one of them; `None` of what is no hash.
    KeyOf(Option<KeyHash>),
}

/// What the configuration answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listing<'a> {
    /// `GET /models`.
    Models,
    /// `GET /models/count`.
    Count,
    /// `GET /models/user`: those that the key may use.
    OfUser,
    /// `GET /embeddings/models`.
    Embeddings,
    /// `GET /model/{author}/{slug}`, or OpenAI's `GET /models/{author}/{slug}`.
    Model(&'a str),
    /// `GET /models/{author}/{slug}/endpoints`.
    Endpoints(&'a str),
    /// `GET /providers`.
    Providers,
    /// `GET /endpoints/zdr`.
    ZeroDataRetention,
}

// === impl Operation ===

impl<'a> Operation<'a> {
    /// The operation of `method` at `path`, which is without its query.
    ///
    /// Errors: if nothing is at the path, or not for this method.
    pub fn of(method: &[u8], path: &'a str) -> Result<Self, ClientError> {
        let unknown = || ClientError::UnknownPath(path.chars().take(200).collect());
        let below = below(path).ok_or_else(unknown)?;
        let (operation, allowed) = match below {
            "chat/completions" => (Self::Inference(Api::Chat), "POST"),
            "completions" => (Self::Inference(Api::Completions), "POST"),
            "embeddings" => (Self::Inference(Api::Embeddings), "POST"),
            "messages" => (Self::Inference(Api::Messages), "POST"),
            "messages/count_tokens" => (Self::CountTokens, "POST"),
            "responses" => (Self::Inference(Api::Responses), "POST"),
            "generation" => (Self::Account(Account::Generation), "GET"),
            "key" | "auth/key" => (Self::Account(Account::Key), "GET"),
            "credits" => (Self::Account(Account::Credits), "GET"),
            "activity" => (Self::Account(Account::Activity), "GET"),
            "keys" => (Self::Account(Account::Keys), "GET"),
            below if below.starts_with("keys/") => {
                let hash = below.strip_prefix("keys/").and_then(|hash| KeyHash::parse(hash).ok());
                (Self::Account(Account::KeyOf(hash)), "GET")
            }
            below => (Self::Listing(Listing::at(below).ok_or_else(unknown)?), "GET"),
        };
        match method {
            b"OPTIONS" => Ok(Self::Preflight),
            // Envoy sends the head of the answer alone.
            b"HEAD" if allowed == "GET" => Ok(operation),
            method if method == allowed.as_bytes() => Ok(operation),
            method => {
                let sent = String::from_utf8_lossy(method).chars().take(20).collect();
                Err(match operation {
                    Self::Account(Account::Keys | Account::KeyOf(_)) => ClientError::KeysAreConfigured(sent),
                    _ => ClientError::Method { sent, allowed },
                })
            }
        }
    }
}

// === impl Api ===

impl Api {
    /// The API in whose shape errors are told at `path`, whether anything is there or not: below `messages` all clients are Anthropic's.
    pub fn of_errors_at(path: &str) -> Self {
        match below(path) {
            Some(below) if below == "messages" || below.starts_with("messages/") => Self::Messages,
            _ => Self::Chat,
        }
    }

    /// `error` about the chat completion that a request of this API has become, in the words of the request.
    pub fn tell(self, error: ClientError) -> ClientError {
        match (self, error) {
            (Self::Messages, ClientError::NoMessages) => ClientError::invalid("messages", "an array of at least one message"),
            (Self::Responses, ClientError::NoMessages) => ClientError::NoInput,
            (_, ClientError::Invalid { member, expected }) => ClientError::Invalid { member: self.member(&member).into(), expected },
            (_, error) => error,
        }
    }

    /// The member that has what the model is asked.
    pub fn prompt(self) -> &'static str {
        match self {
            Self::Chat | Self::Messages => "messages",
            Self::Completions => "prompt",
            Self::Embeddings | Self::Responses => "input",
        }
    }

    /// What the API calls a chat completion's member.
    pub fn member(self, member: &str) -> &str {
        match (self, member) {
            (Self::Completions, "top_logprobs") => "logprobs",
            (Self::Messages, "stop") => "stop_sequences",
            (Self::Messages, "response_format.json_schema.schema") => "output_config.format.schema",
            (Self::Messages, "verbosity") => "output_config.effort",
            (Self::Responses, "max_tokens") => "max_output_tokens",
            (Self::Responses, "response_format.json_schema.schema") => "text.format.schema",
            (Self::Responses, "verbosity") => "text.verbosity",
            _ => member,
        }
    }
}

fn below(path: &str) -> Option<&str> {
    path.strip_prefix("/api/v1/").or_else(|| path.strip_prefix("/v1/"))
}

// === impl Listing ===

impl<'a> Listing<'a> {
    fn at(below: &'a str) -> Option<Self> {
        Some(match below {
            "models" | "models/" => Self::Models,
            "models/count" => Self::Count,
            "models/user" => Self::OfUser,
            "embeddings/models" => Self::Embeddings,
            "providers" => Self::Providers,
            "endpoints/zdr" => Self::ZeroDataRetention,
            // Every model has a name.
            "model/" | "models//endpoints" => return None,
            _ => match (below.strip_prefix("models/"), below.strip_prefix("model/")) {
                (Some(rest), _) => match rest.strip_suffix("/endpoints") {
                    Some(id) => Self::Endpoints(id),
                    None => Self::Model(rest),
                },
                (None, Some(id)) => Self::Model(id),
                (None, None) => return None,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_path_names_its_operation_under_either_prefix() {
        for (method, path, operation) in [
            ("POST", "chat/completions", Operation::Inference(Api::Chat)),
            ("POST", "completions", Operation::Inference(Api::Completions)),
            ("POST", "embeddings", Operation::Inference(Api::Embeddings)),
            ("POST", "messages", Operation::Inference(Api::Messages)),
            ("POST", "messages/count_tokens", Operation::CountTokens),
            ("POST", "responses", Operation::Inference(Api::Responses)),
            ("GET", "models", Operation::Listing(Listing::Models)),
            ("GET", "models/", Operation::Listing(Listing::Models)),
            ("HEAD", "models/count", Operation::Listing(Listing::Count)),
            ("GET", "models/user", Operation::Listing(Listing::OfUser)),
            ("GET", "model/a/b:free", Operation::Listing(Listing::Model("a/b:free"))),
            ("GET", "models/a/b", Operation::Listing(Listing::Model("a/b"))),
            ("GET", "models/a/b/endpoints", Operation::Listing(Listing::Endpoints("a/b"))),
            ("GET", "embeddings/models", Operation::Listing(Listing::Embeddings)),
            ("GET", "providers", Operation::Listing(Listing::Providers)),
            ("GET", "endpoints/zdr", Operation::Listing(Listing::ZeroDataRetention)),
            ("GET", "keys", Operation::Account(Account::Keys)),
            ("GET", "keys/9f86", Operation::Account(Account::KeyOf(None))),
            ("OPTIONS", "chat/completions", Operation::Preflight),
        ] {
            for prefix in ["/api/v1/", "/v1/"] {
                assert_eq!(Operation::of(method.as_bytes(), &format!("{prefix}{path}")), Ok(operation), "{method} {prefix}{path}");
            }
        }
    }

    #[test]
    fn a_request_without_an_object_is_told_what_its_api_wants() {
        for (api, member) in [
            (Api::Chat, "`messages`"),
            (Api::Completions, "`prompt`"),
            (Api::Embeddings, "`input`"),
            (Api::Messages, "`messages`"),
            (Api::Responses, "`input`"),
        ] {
            for body in ["", " \n", "[]", "nonsense"] {
                let told = ClientError::no_object(api, body.as_bytes()).to_string();
                assert!(told.contains("`model` and") && told.ends_with(member), "{told}");
            }
        }
    }

    #[test]
    fn what_is_not_there_and_what_is_not_for_a_method_are_told_apart() {
        for path in [
            "/",
            "/models",
            "/api/v2/models",
            "/api/v1",
            "/api/v1/",
            "/api/v1/nothing",
            "/api/v1/chat",
            "/v1/chat/completions/",
            "/v1/model/",
            "/v1/models//endpoints",
        ] {
            assert!(matches!(Operation::of(b"GET", path), Err(ClientError::UnknownPath(_))), "{path}");
        }
        for (path, api) in [
            ("/v1/messages", Api::Messages),
            ("/api/v1/messages/batches", Api::Messages),
            ("/v1/messages/count_tokens", Api::Messages),
            ("/v1/messagesx", Api::Chat),
            ("/messages", Api::Chat),
            ("/v1/nothing", Api::Chat),
        ] {
            assert_eq!(Api::of_errors_at(path), api, "{path}");
        }
        let wrong = |method: &[u8], path| Operation::of(method, path).unwrap_err().to_string();
        assert_eq!(wrong(b"GET", "/v1/chat/completions"), "Method GET is not allowed here: use POST");
        assert_eq!(wrong(b"DELETE", "/v1/models"), "Method DELETE is not allowed here: use GET");
        for (method, path) in [(&b"POST"[..], "/v1/keys"), (b"PATCH", "/v1/keys/9f86"), (b"DELETE", "/api/v1/keys/9f86")] {
            assert!(wrong(method, path).contains("is not allowed here: keys stand in the gateway's configuration"), "{path}");
        }
    }
}
