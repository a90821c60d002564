//! Builds switches into a file: the mutant that the environment names is awake, all others sleep.

use crate::list::{Mutant, Place};
use crate::places::Places;
use anyhow::{Context, Result};
use std::ops::Range;

/// One place and the mutants that act there.
enum Edit {
    Binary {
        left: Range<usize>,
        right: Range<usize>,
        operator: String,
        awake: Vec<(usize, String)>,
    },
    Unary {
        operand: Range<usize>,
        operator: String,
        awake: usize,
    },
    Guard {
        awake: Vec<(usize, String)>,
    },
    ArmWithoutGuard {
        awake: usize,
    },
    ArmWithGuard {
        awake: usize,
    },
    Body {
        awake: Vec<(usize, String)>,
    },
    Fields {
        awake: Vec<(usize, Range<usize>)>,
    },
}

struct Placed {
    range: Range<usize>,
    edit: Edit,
}

/// The text of a file with a switch for each of its mutants, and the numbers that have none.
pub fn build_in(text: &str, mutants: &[(usize, &Mutant)]) -> Result<(String, Vec<usize>)> {
    let file = syn::parse_file(text).context("not parsed")?;
    let places = Places::of(&file);
    let mut edits: Vec<Placed> = Vec::new();
    let mut without = Vec::new();
    for (number, mutant) in mutants {
        let from = offset(text, mutant.span.start);
        let constant = places.constant.iter().any(|body| body.contains(&from));
        match place(text, &places, *number, mutant).filter(|_| !constant) {
            Some(placed) => join(&mut edits, placed),
            None => without.push(*number),
        }
    }
    let outermost_first =
        |edit: &Placed| (edit.range.start, usize::MAX - edit.range.end, depth(&edit.edit));
    edits.sort_by_key(outermost_first);
    Ok((render(text, 0..text.len(), &edits), without))
}

/// A guard stands around the expression it is, and a body before all in it.
fn depth(edit: &Edit) -> u8 {
    match edit {
        Edit::Body { .. } => 0,
        Edit::ArmWithGuard { .. } | Edit::ArmWithoutGuard { .. } => 1,
        Edit::Guard { .. } => 2,
        Edit::Unary { .. } | Edit::Binary { .. } | Edit::Fields { .. } => 3,
    }
}

fn place(text: &str, places: &Places, number: usize, mutant: &Mutant) -> Option<Placed> {
    let at = mutant.span.start;
    let replacement = mutant.replacement.clone();
    match mutant.genre.as_str() {
        "BinaryOperator" => places.binaries.iter().find(|b| b.at == at).map(|b| Placed {
            range: b.whole.clone(),
            edit: Edit::Binary {
                left: b.left.clone(),
                right: b.right.clone(),
                operator: text[b.operator.clone()].to_owned(),
                awake: vec![(number, replacement)],
            },
        }),
        "UnaryOperator" => places.unaries.iter().find(|u| u.at == at).map(|u| Placed {
            range: u.whole.clone(),
            edit: Edit::Unary {
                operand: u.operand.clone(),
                operator: text[u.whole.start..u.operand.start].to_owned(),
                awake: number,
            },
        }),
        "MatchArmGuard" => Some(Placed {
            range: offset(text, at)..offset(text, mutant.span.end),
            edit: Edit::Guard { awake: vec![(number, replacement)] },
        }),
        "MatchArm" => places.arms.iter().find(|arm| arm.at == at).map(|arm| match &arm.guard {
            Some(guard) => {
                Placed { range: guard.clone(), edit: Edit::ArmWithGuard { awake: number } }
            }
            None => Placed {
                range: arm.pattern_end..arm.pattern_end,
                edit: Edit::ArmWithoutGuard { awake: number },
            },
        }),
        "StructField" => places.fields.iter().find(|f| f.at == at).map(|f| Placed {
            range: f.whole.clone(),
            edit: Edit::Fields { awake: vec![(number, f.field.clone())] },
        }),
        "FnValue" => {
            let start = offset(text, at);
            Some(Placed {
                range: start..start,
                edit: Edit::Body { awake: vec![(number, replacement)] },
            })
        }
        _ => None,
    }
}

/// Adds an edit; mutants of one place share it.
fn join(edits: &mut Vec<Placed>, new: Placed) {
    for known in edits.iter_mut().filter(|known| known.range == new.range) {
        match (&mut known.edit, &new.edit) {
            (Edit::Binary { awake, .. }, Edit::Binary { awake: more, .. })
            | (Edit::Guard { awake }, Edit::Guard { awake: more })
            | (Edit::Body { awake }, Edit::Body { awake: more }) => {
                awake.extend(more.iter().cloned());
                return;
            }
            (Edit::Fields { awake }, Edit::Fields { awake: more }) => {
                awake.extend(more.iter().cloned());
                return;
            }
            _ => {}
        }
    }
    edits.push(new);
}

/// The text of `range` with `edits`, which lie inside it, outermost first.
fn render(text: &str, range: Range<usize>, edits: &[Placed]) -> String {
    let mut out = String::new();
    let mut at = range.start;
    let mut rest = edits;
    while let Some((first, others)) = rest.split_first() {
        let inside = others
            .iter()
            .take_while(|o| first.range.end > first.range.start && o.range.start < first.range.end)
            .count();
        let (inner, outer) = others.split_at(inside);
        out.push_str(&text[at..first.range.start]);
        out.push_str(&switched(text, first, inner));
        at = first.range.end;
        rest = outer;
    }
    out.push_str(&text[at..range.end]);
    out
}

fn switched(text: &str, placed: &Placed, inner: &[Placed]) -> String {
    let part = |range: &Range<usize>| {
        let first = inner.iter().position(|e| e.range.start >= range.start).unwrap_or(inner.len());
        let end = inner.iter().rposition(|e| e.range.end <= range.end).map_or(0, |last| last + 1);
        render(text, range.clone(), if first < end { &inner[first..end] } else { &[] })
    };
    let whole = || render(text, placed.range.clone(), inner);
    match &placed.edit {
        Edit::Binary { left, right, operator, awake } => {
            let sides = |operator: &str| format!("({}) {operator} ({})", part(left), part(right));
            let otherwise = format!("{{ {} }}", sides(operator));
            format!("({})", choice(awake, |new| sides(new), &otherwise))
        }
        Edit::Unary { operand, operator, awake } => {
            let operand = part(operand);
            format!("(if {} {{ {operand} }} else {{ {operator}{operand} }})", on(*awake))
        }
        Edit::Guard { awake } => {
            let otherwise = format!("{{ {} }}", whole());
            format!("({})", choice(awake, str::to_owned, &otherwise))
        }
        Edit::ArmWithGuard { awake } => format!("!{} && ({})", on(*awake), whole()),
        Edit::ArmWithoutGuard { awake } => format!(" if !{}", on(*awake)),
        Edit::Fields { awake } => {
            let without = |field: &Range<usize>| {
                let before = part(&(placed.range.start..field.start));
                before + &part(&(field.end..placed.range.end))
            };
            let texts: Vec<_> = awake.iter().map(|(n, field)| (*n, without(field))).collect();
            let otherwise = format!("{{ {} }}", whole());
            format!("({})", choice(&texts, str::to_owned, &otherwise))
        }
        Edit::Body { awake } => awake
            .iter()
            .map(|(number, value)| format!("if {} {{ return {value}; }} ", on(*number)))
            .collect(),
    }
}

fn choice(awake: &[(usize, String)], of: impl Fn(&str) -> String, otherwise: &str) -> String {
    let mut out = String::new();
    for (number, new) in awake {
        out.push_str(&format!("if {} {{ {} }} else ", on(*number), of(new)));
    }
    out + otherwise
}

/// The question whether mutant `number` is awake; the compiler's complaints are traced by it.
fn on(number: usize) -> String {
    format!("crate::awake({number})")
}

/// The byte at a line and column.
fn offset(text: &str, at: Place) -> usize {
    let line_start: usize = text.split_inclusive('\n').take(at.line - 1).map(str::len).sum();
    let line = &text[line_start..];
    line_start + line.char_indices().nth(at.column - 1).map_or(line.len(), |(byte, _)| byte)
}

/// The function that every switch calls, appended to the library's root.
pub const AWAKE: &str = r#"
/// Returns true if the environment wakes this mutant.
pub fn awake(mutant: u32) -> bool {
    static AWAKE: std::sync::OnceLock<u32> = std::sync::OnceLock::new();
    #[allow(clippy::disallowed_methods)]
    let read = || std::env::var("RETURNDESK_MUTANT").ok().and_then(|n| n.parse().ok()).unwrap_or(0);
    *AWAKE.get_or_init(read) == mutant
}
"#;
