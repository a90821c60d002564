//! Numbers and texts as people type them: matched, refused or kept.
