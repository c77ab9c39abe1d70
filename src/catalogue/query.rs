//! The query of a list of models: which, in what order, which page of them.

use std::ops::Range;

use super::model::{cheapest, context_length, supports};
use crate::clock::Millis;
use crate::config::Model;
use crate::decimal::Decimal;
use crate::endpoint::Endpoint;
use crate::error::ClientError;
use crate::performance::{Percentiles, Report};
use crate::price::FemtoUsd;

/// Entries of a page where the client sets an offset and no limit.
const PAGE: usize = 500;
const LARGEST_PAGE: usize = 1000;

/// A query, parsed. Members that OpenRouter knows and that mean nothing here (`category`, `region`, benchmarks …) are passed over.
#[derive(Debug, Default)]
pub struct Query<'a> {
    text: &'a str,
    offset: Option<usize>,
    limit: Option<usize>,
    words: Option<String>,
    supported_parameters: Vec<String>,
    inputs: Vec<String>,
    /// Empty for any.
    outputs: Vec<String>,
    authors: Vec<String>,
    providers: Vec<String>,
    zdr: bool,
    distillable: Option<bool>,
    /// Families of tokenizers.
    architectures: Vec<String>,
    /// Least and most days since a model came out.
    age: (Option<u64>, Option<u64>),
    context: Option<u64>,
    prompt: Limits,
    completion: Limits,
    sort: Option<Sort>,
}

/// Least and most USD for a million tokens.
#[derive(Debug, Default)]
struct Limits(Option<FemtoUsd>, Option<FemtoUsd>);

#[derive(Clone, Copy, Debug)]
enum Sort {
    Newest,
    Cheapest,
    Dearest,
    Longest,
    Fastest,
    Promptest,
}

/// The orders that a configuration can tell, or what endpoints have done.
const SORTS: [(&str, Sort); 6] = [
    ("newest", Sort::Newest),
    ("pricing-low-to-high", Sort::Cheapest),
    ("pricing-high-to-low", Sort::Dearest),
    ("context-high-to-low", Sort::Longest),
    ("throughput-high-to-low", Sort::Fastest),
    ("latency-low-to-high", Sort::Promptest),
];

/// Orders by popularity and benchmarks: <https://openrouter.ai/docs/api/api-reference/models/get-models>.
const WITHOUT_FIGURES: [&str; 6] =
    ["most-popular", "top-weekly", "intelligence-high-to-low", "coding-high-to-low", "agentic-high-to-low", "design-arena-elo-high-to-low"];

// === impl Query ===

impl<'a> Query<'a> {
    /// Reads what follows the `?` of the path, for models that answer in text unless it says otherwise.
    ///
    /// Errors: if a number is none or out of range, or an order unknown.
    pub fn parse(text: &'a str) -> Result<Self, ClientError> {
        let mut query = Self::of_any_output(text)?;
        if query.outputs.is_empty() {
            query.outputs.push("text".into());
        }
        query.outputs.retain(|output| output != "all");
        Ok(query)
    }

    /// The same for models of every kind of output.
    ///
    /// Errors: if a number is none or out of range.
    pub fn of_any_output(text: &'a str) -> Result<Self, ClientError> {
        let mut query = Self { text, ..Self::default() };
        for (name, value) in form_urlencoded::parse(text.as_bytes()) {
            let list = || value.split(',').map(|word| word.trim().to_ascii_lowercase()).filter(|word| !word.is_empty()).collect();
            let number = |most: u64| {
                let number = value.parse().ok().filter(|number| *number <= most);
                number.ok_or_else(|| ClientError::invalid(&*name, format!("a whole number from 0 to {most}")))
            };
            let page = || {
                let limit = value.parse().ok().filter(|limit| (1..=LARGEST_PAGE).contains(limit));
                limit.ok_or_else(|| ClientError::invalid(&*name, format!("a whole number from 1 to {LARGEST_PAGE}")))
            };
            let usd = || {
                let price = Decimal::parse(value.as_bytes()).and_then(|usd| usd.truncated(9)).map(FemtoUsd::new);
                price.map(Some).ok_or_else(|| ClientError::invalid(&*name, "a number of USD for a million tokens"))
            };
            match &*name {
                "offset" => query.offset = Some(usize::try_from(number(u32::MAX.into())?).unwrap_or(usize::MAX)),
                "limit" => query.limit = Some(page()?),
                "q" => query.words = Some(value.to_ascii_lowercase()),
                "supported_parameters" => query.supported_parameters = list(),
                "input_modalities" => query.inputs = list(),
                "output_modalities" => query.outputs = list(),
                "model_authors" => query.authors = list(),
                "providers" => query.providers = list(),
                "zdr" => query.zdr = value == "true",
                "distillable" => query.distillable = Some(value == "true"),
                "arch" => query.architectures = list(),
                "min_age_days" => query.age.0 = Some(number(u32::MAX.into())?),
                "max_age_days" => query.age.1 = Some(number(u32::MAX.into())?),
                "context" => query.context = Some(number(u64::MAX)?),
                "min_price" => query.prompt.0 = usd()?,
                "max_price" => query.prompt.1 = usd()?,
                "min_output_price" => query.completion.0 = usd()?,
                "max_output_price" => query.completion.1 = usd()?,
                "sort" => query.sort = Sort::parse(&value)?,
                _ => {}
            }
        }
        Ok(query)
    }

    /// Whether `model` is asked for. What came out nobody knows when is as old as its `created` says, which is 0.
    pub(super) fn wants(&self, model: &Model, now: Millis) -> bool {
        let holds = |text: &str, words: &str| text.to_ascii_lowercase().contains(words);
        let has = |parameter: &String| model.endpoints.iter().any(|endpoint| supports(endpoint, parameter));
        let served = |provider: &String| {
            let names = |slug: &str, name: &str| provider.eq_ignore_ascii_case(slug) || provider.eq_ignore_ascii_case(name);
            model.endpoints.iter().any(|endpoint| names(&endpoint.provider.slug, &endpoint.provider.name))
        };
        // `llama` is `Llama3`, too.
        let family = |name: &String| {
            let is_version = |c: char| c.is_ascii_digit();
            name.eq_ignore_ascii_case(model.tokenizer) || name.eq_ignore_ascii_case(model.tokenizer.trim_end_matches(is_version))
        };
        let age = now.as_secs().saturating_sub(model.created) / 86_400;
        let price = cheapest(model).map(|endpoint| &endpoint.price);
        self.words.as_ref().is_none_or(|words| holds(model.id.as_str(), words) || holds(&model.name, words))
            && self.supported_parameters.iter().all(has)
            && self.inputs.iter().all(|input| model.input_modalities.names().any(|name| name == input))
            && (self.outputs.is_empty() || self.outputs.iter().any(|output| model.output_modalities.iter().any(|name| name == output)))
            && (self.authors.is_empty() || self.authors.iter().any(|author| author.eq_ignore_ascii_case(model.id.author())))
            && (self.providers.is_empty() || self.providers.iter().any(served))
            && (!self.zdr || model.endpoints.iter().any(|endpoint| endpoint.provider.zdr))
            && self.distillable.is_none_or(|asked| asked == model.is_distillable)
            && (self.architectures.is_empty() || self.architectures.iter().any(family))
            && self.age.0.is_none_or(|least| age >= least)
            && self.age.1.is_none_or(|most| age <= most)
            && self.context.is_none_or(|least| context_length(model).is_some_and(|length| length >= least))
            && price.is_none_or(|price| self.prompt.contain(price.prompt) && self.completion.contain(price.completion))
    }

    /// Puts what was found in the order asked for, or leaves it in that of the configuration. What is as fast as nobody knows is last.
    pub(super) fn sort<T>(&self, found: &mut [T], model: impl Fn(&T) -> &Model, report: &dyn Fn(&Endpoint) -> Report) {
        let Some(sort) = self.sort else { return };
        let price = |model: &Model| cheapest(model).map_or(0, |endpoint| endpoint.price.ranking());
        let reports = |model: &Model| model.endpoints.iter().map(|endpoint| report(endpoint)).collect::<Vec<_>>();
        found.sort_by_cached_key(|item| match (sort, model(item)) {
            (Sort::Newest, model) => u64::MAX.saturating_sub(model.created),
            (Sort::Cheapest, model) => price(model),
            (Sort::Dearest, model) => u64::MAX.saturating_sub(price(model)),
            (Sort::Longest, model) => context_length(model).map_or(u64::MAX, |length| u64::MAX.saturating_sub(length)),
            (Sort::Fastest, model) => {
                let speeds = reports(model).into_iter().filter_map(|report| report.throughput_last_30m).map(median);
                speeds.max().map_or(u64::MAX, |speed| u64::MAX.saturating_sub(speed))
            }
            (Sort::Promptest, model) => {
                let waits = reports(model).into_iter().filter_map(|report| report.latency_last_30m).map(median);
                waits.min().unwrap_or(u64::MAX)
            }
        });
    }

    /// The page of `count` entries, and the query of the next if there is one. Without `offset` and `limit` it is all of them.
    pub(super) fn page(&self, count: usize) -> (Range<usize>, Option<String>) {
        if self.offset.is_none() && self.limit.is_none() {
            return (0..count, None);
        }
        let (offset, limit) = (self.offset.unwrap_or(0).min(count), self.limit.unwrap_or(PAGE));
        let end = offset.saturating_add(limit).min(count);
        let next = (end < count).then(|| {
            let others = form_urlencoded::parse(self.text.as_bytes()).filter(|(name, _)| !matches!(&**name, "offset" | "limit"));
            let mut query = form_urlencoded::Serializer::new(String::new());
            query.extend_pairs(others).append_pair("offset", &end.to_string()).append_pair("limit", &limit.to_string());
            query.finish()
        });
        (offset..end, next)
    }
}

// === impl Limits ===

impl Limits {
    fn contain(&self, price: FemtoUsd) -> bool {
        self.0.is_none_or(|least| price >= least) && self.1.is_none_or(|most| price <= most)
    }
}

// === impl Sort ===

impl Sort {
    /// The order of this name; `None` for those of OpenRouter's for which there are no figures.
    ///
    /// Errors: if OpenRouter has none of this name.
    fn parse(name: &str) -> Result<Option<Self>, ClientError> {
        let sort = SORTS.iter().find(|(known, _)| *known == name).map(|(_, sort)| *sort);
        if sort.is_none() && !WITHOUT_FIGURES.contains(&name) {
            let known: Vec<_> = SORTS.iter().map(|(name, _)| *name).chain(WITHOUT_FIGURES).collect();
            return Err(ClientError::invalid("sort", format!("one of {}", known.join(", "))));
        }
        Ok(sort)
    }
}

/// The median in thousandths, of which there are enough: as numbers they have an order.
fn median(percentiles: Percentiles<f64>) -> u64 {
    (percentiles.p50 * 1000.0) as u64
}
