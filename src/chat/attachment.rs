//! What is attached to a conversation, as far as it decides which format can carry it.

use crate::json::Text;

/// A kind of attachment: what it is, and where its bytes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// What it is.
    pub medium: Medium,
    /// Where its bytes are.
    pub origin: Origin,
}

macro_rules! kinds {
    ($(#[$of_all:meta])* $all:ident { $($(#[$of_one:meta])* $one:ident,)+ }) => {
        $(#[$of_all])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $all { $($(#[$of_one])* $one,)+ }

        impl $all {
            const ALL: &[Self] = &[$(Self::$one,)+];
        }
    };
}

kinds! {
    /// What an attachment is.
    Medium {
        /// An image of a type that every model with eyes knows (PNG, JPEG, GIF, WebP), or by a URL that does not say.
        Image,
        /// An image of another type.
        RareImage,
        /// An image that is sent as a file.
        ImageFile,
        /// A PDF, or a file by a URL that does not say.
        Pdf,
        /// Text or a document of an office: HTML, CSV, Markdown, Word, Excel.
        Document,
        /// A file of another type.
        RareFile,
        /// Audio.
        Audio,
        /// A video.
        Video,
    }
}

kinds! {
    /// Where the bytes of an attachment are.
    Origin {
        /// Somewhere else.
        Url,
        /// In Amazon's S3.
        S3,
        /// In the request, in a data URI.
        Inline,
        /// In the request, with nothing before them.
        Bare,
        /// At the provider, by an id, or nowhere that is known.
        Id,
    }
}

/// The kinds of attachments of a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Attachments(u64);

// === impl Attachment ===

impl Attachment {
    /// What a client would call it.
    pub fn name(self) -> String {
        let medium = match self.medium {
            Medium::Image => "an image",
            Medium::RareImage => "an image that is no PNG, JPEG, GIF or WebP",
            Medium::ImageFile => "an image as a file",
            Medium::Pdf => "a file",
            Medium::Document => "a document that is no PDF",
            Medium::RareFile => "a file that is no document",
            Medium::Audio => "audio",
            Medium::Video => "a video",
        };
        let origin = match self.origin {
            Origin::Url => " by URL",
            Origin::S3 => " in S3",
            Origin::Inline => "",
            Origin::Bare => " without a data: URI",
            Origin::Id => " without `file_data`",
        };
        format!("{medium}{origin}")
    }

    /// The same in the request itself, in a data URI.
    pub fn inline(self) -> Self {
        Self { origin: Origin::Inline, ..self }
    }

    /// An image, audio or video at `place`: a URL, or what stands in its place.
    pub(super) fn medium(medium: Medium, place: Text<'_>) -> Self {
        let (origin, media_type) = origin(place.raw);
        let is_rare = medium == Medium::Image && media_type.is_some_and(|media_type| !is_common_image(media_type));
        Self { medium: if is_rare { Medium::RareImage } else { medium }, origin }
    }

    /// A file at `place`; `None` if it is at the provider.
    pub(super) fn file(place: Option<Text<'_>>) -> Self {
        let Some(place) = place else { return Self { medium: Medium::Pdf, origin: Origin::Id } };
        let (origin, media_type) = origin(place.raw);
        let medium = match media_type {
            None => Medium::Pdf,
            Some(media_type) if is(media_type, "application/pdf") => Medium::Pdf,
            Some(media_type) if is_common_image(media_type) => Medium::ImageFile,
            Some(media_type) if is_document(media_type) => Medium::Document,
            Some(_) => Medium::RareFile,
        };
        Self { medium, origin }
    }

    fn bit(self) -> u64 {
        let place = (self.medium as u32).saturating_mul(Origin::ALL.len() as u32).saturating_add(self.origin as u32);
        1u64.checked_shl(place).unwrap_or_default()
    }
}

// === impl Attachments ===

impl Attachments {
    /// Adds a kind.
    pub fn insert(&mut self, attachment: Attachment) {
        self.0 |= attachment.bit();
    }

    /// The kinds that are there.
    pub fn iter(self) -> impl Iterator<Item = Attachment> {
        let all = Medium::ALL.iter().flat_map(|medium| Origin::ALL.iter().map(|origin| Attachment { medium: *medium, origin: *origin }));
        all.filter(move |attachment| self.0 & attachment.bit() != 0)
    }
}

/// Where the bytes are, and the media type, if it is said.
fn origin(place: &[u8]) -> (Origin, Option<&[u8]>) {
    if let Some(rest) = place.strip_prefix(b"data:") {
        let end = rest.iter().take(100).position(|byte| matches!(byte, b';' | b','));
        return (Origin::Inline, end.and_then(|end| rest.get(..end)).filter(|media_type| !media_type.is_empty()));
    }
    match place {
        [b's', b'3', b':', ..] => (Origin::S3, None),
        // No scheme is that long.
        place if place.iter().take(32).any(|byte| *byte == b':') => (Origin::Url, None),
        _ => (Origin::Bare, None),
    }
}

/// Whether two media types are the same; in JSON, `/` may stand as `\/`.
fn is(media_type: &[u8], other: &str) -> bool {
    media_type.iter().filter(|byte| **byte != b'\\').eq(other.as_bytes())
}

fn is_common_image(media_type: &[u8]) -> bool {
    ["image/png", "image/jpeg", "image/jpg", "image/gif", "image/webp"].iter().any(|common| is(media_type, common))
}

fn is_document(media_type: &[u8]) -> bool {
    const DOCUMENTS: [&str; 8] = [
        "text/plain",
        "text/html",
        "text/csv",
        "text/markdown",
        "application/msword",
        "application/vnd.ms-excel",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ];
    DOCUMENTS.iter().any(|document| is(media_type, document))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Scanner;
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn read(url: &str) -> (Attachment, Attachment) {
        let quoted = format!("\"{url}\"");
        let text = Scanner::new(quoted.as_bytes()).string().unwrap();
        (Attachment::medium(Medium::Image, text), Attachment::file(Some(text)))
    }

    #[test]
    fn a_place_tells_what_it_holds() {
        for (url, image, file, origin) in [
            ("https://a.test/x.heic", Medium::Image, Medium::Pdf, Origin::Url),
            (r"https:\/\/a.test\/x", Medium::Image, Medium::Pdf, Origin::Url),
            ("gs://bucket/x.png", Medium::Image, Medium::Pdf, Origin::Url),
            ("s3://bucket/x.png", Medium::Image, Medium::Pdf, Origin::S3),
            ("data:image/png;base64,iVBO", Medium::Image, Medium::ImageFile, Origin::Inline),
            (r"data:image\/jpeg;base64,iVBO", Medium::Image, Medium::ImageFile, Origin::Inline),
            ("data:image/svg+xml;base64,iVBO", Medium::RareImage, Medium::RareFile, Origin::Inline),
            ("data:application/pdf;base64,JVBE", Medium::RareImage, Medium::Pdf, Origin::Inline),
            ("data:text/csv,a", Medium::RareImage, Medium::Document, Origin::Inline),
            ("data:application/zip;base64,UEsD", Medium::RareImage, Medium::RareFile, Origin::Inline),
            ("data:;base64,iVBO", Medium::Image, Medium::Pdf, Origin::Inline),
            ("iVBORw0KGgo", Medium::Image, Medium::Pdf, Origin::Bare),
        ] {
            let read = read(url);
            assert_eq!((read.0.medium, read.0.origin, read.1.medium, read.1.origin), (image, origin, file, origin), "{url}");
        }
        assert_eq!(Attachment::file(None).name(), "a file without `file_data`");
    }

    #[test]
    fn every_kind_has_a_place_of_its_own() {
        let mut all = Attachments::default();
        for (count, medium) in Medium::ALL.iter().enumerate() {
            assert_eq!(all.iter().count(), count * Origin::ALL.len());
            Origin::ALL.iter().for_each(|origin| all.insert(Attachment { medium: *medium, origin: *origin }));
        }
        assert_eq!(all.iter().count(), Medium::ALL.len() * Origin::ALL.len());
    }
}
