//! Context compression: a conversation that is too long loses its middle, as OpenRouter's plugin of that name does it.
//!
//! System messages, the first message and the last stay; a call of tools and its results stay or go together. What stays is the
//! client's own bytes, but for texts of which the middle is cut out where dropping messages is not enough. See
//! <https://openrouter.ai/docs/guides/features/message-transforms>.

mod cut;
mod turn;

use std::ops::Range;

use crate::chat::{Name, Request};
use crate::preset::Presets;
use crate::splice::Splice;
use turn::{Message, Turn};

/// What a conversation must not exceed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of text in the messages, as [`Request::prompt_bytes`] counts them.
    pub bytes: usize,
    /// How many messages.
    pub messages: usize,
}

/// The least that is left of a text: less says nothing, and none at all is refused by some providers.
const LEAST_TEXT: usize = 64;

/// The request with as much of the middle of its messages left out as `limits` ask for; `None` if nothing has to go, or if it cannot be
/// brought below them.
pub fn compress(request: &Request, limits: Limits) -> Option<Request> {
    let field = request.fields().find(|field| field.name == Name::Messages)?;
    let messages = turn::messages(request.body(), field.value.start)?;
    let total: usize = messages.iter().fold(0, |sum, message| sum.saturating_add(message.bytes));
    if total <= limits.bytes && messages.len() <= limits.messages {
        return None;
    }
    let turns = turn::turns(&messages);
    let stays = kept(&turns, limits);
    let mut splice = Splice::new(request.body());
    let mut places: Vec<(Range<usize>, bool)> = Vec::with_capacity(messages.len());
    let mut left: Vec<&Message> = Vec::new();
    for (turn, stays) in turns.iter().zip(&stays) {
        for message in turn.messages {
            places.push((message.place.clone(), *stays));
            if *stays {
                left.push(message);
            }
        }
    }
    splice.retain(&places);
    shorten(&left, limits.bytes, request.body(), &mut splice)?;
    // It was read before, so that it can be read again; what it is routed by has been seen to.
    Request::parse_as(request.api, splice.finish().to_vec(), None, usize::MAX, &Presets::default()).ok()
}

/// Which turns stay: those that have to, and of the others as many as there is room for, from both ends in turn.
fn kept(turns: &[Turn<'_>], limits: Limits) -> Vec<bool> {
    let mut stays: Vec<bool> = turns.iter().map(|turn| turn.is_system).collect();
    for end in [turns.iter().position(|turn| !turn.is_system), turns.iter().rposition(|turn| !turn.is_system)] {
        if let Some(stay) = end.and_then(|end| stays.get_mut(end)) {
            *stay = true;
        }
    }
    let mut room = limits;
    let fits = |turn: &Turn<'_>, room: &mut Limits| {
        let left = (room.bytes.checked_sub(turn.bytes), room.messages.checked_sub(turn.messages.len()));
        let (Some(bytes), Some(messages)) = left else { return false };
        *room = Limits { bytes, messages };
        true
    };
    for (turn, stays) in turns.iter().zip(&stays) {
        if *stays && !fits(turn, &mut room) {
            room.bytes = room.bytes.saturating_sub(turn.bytes);
            room.messages = room.messages.saturating_sub(turn.messages.len());
        }
    }
    let others: Vec<usize> = (0..turns.len()).filter(|at| stays.get(*at) == Some(&false)).collect();
    let mut others = others.as_slice();
    let (mut front, mut back) = (true, true);
    let mut from_front = true;
    while front || back {
        let is_open = if from_front { front } else { back };
        if is_open {
            let next = if from_front { others.split_first() } else { others.split_last() };
            let next = next.map(|(at, rest)| {
                others = rest;
                *at
            });
            let taken = next.filter(|at| turns.get(*at).is_some_and(|turn| fits(turn, &mut room)));
            match taken.and_then(|at| stays.get_mut(at)) {
                Some(stay) => *stay = true,
                // What is missing there is the middle, from here on.
                None if from_front => front = false,
                None => back = false,
            }
        }
        from_front = !from_front;
    }
    stays
}

/// Cuts the middle out of the longest texts of `messages`, all to the same length, so that no more than `bytes` are left in all; those of
/// the system are not touched. `None` if that is not enough.
fn shorten<'a>(messages: &[&Message], bytes: usize, body: &'a [u8], splice: &mut Splice<'a>) -> Option<()> {
    let total: usize = messages.iter().fold(0, |sum, message| sum.saturating_add(message.bytes));
    if total <= bytes {
        return Some(());
    }
    let texts: Vec<&Range<usize>> = messages.iter().filter(|message| !message.is_system).flat_map(|message| &message.texts).collect();
    // What the texts come to if none is longer than this.
    let sum = |most: usize| texts.iter().fold(0usize, |sum, text| sum.saturating_add(text.len().min(most)));
    let room = bytes.checked_sub(total.saturating_sub(sum(usize::MAX)))?;
    // The greatest length for which there is room: the short texts stay whole, the others share what is left.
    let (mut share, mut too_long) = (0usize, room.saturating_add(1));
    while share.saturating_add(1) < too_long {
        let middle = share.midpoint(too_long);
        if sum(middle) <= room { share = middle } else { too_long = middle }
    }
    if share < LEAST_TEXT {
        return None;
    }
    for text in texts.iter().filter(|text| text.len() > share) {
        let middle = cut::middle(body.get((*text).clone())?, share);
        let at = |place: usize| text.start.saturating_add(place);
        splice.replace(at(middle.start)..at(middle.end), Vec::new());
    }
    Some(())
}

#[cfg(test)]
mod tests;
