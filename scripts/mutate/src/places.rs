//! The expressions of a file at which a mutant may act, by the place that the list names.

use crate::list::Place;
use std::ops::Range;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

/// Byte ranges of a file.
pub struct Binary {
    pub whole: Range<usize>,
    pub left: Range<usize>,
    pub operator: Range<usize>,
    pub right: Range<usize>,
    /// `+=` and its kind: the operator to write in place of `+=` ends in `=` too.
    pub at: Place,
}

pub struct Unary {
    pub whole: Range<usize>,
    pub operand: Range<usize>,
    pub at: Place,
}

pub struct Arm {
    pub pattern_end: usize,
    pub guard: Option<Range<usize>>,
    pub at: Place,
}

/// A field of a struct expression that ends in `..base`.
pub struct Field {
    pub whole: Range<usize>,
    /// The field with the comma behind it.
    pub field: Range<usize>,
    pub at: Place,
}

/// Everything that a switch can be built into.
#[derive(Default)]
pub struct Places {
    pub binaries: Vec<Binary>,
    pub unaries: Vec<Unary>,
    pub arms: Vec<Arm>,
    pub fields: Vec<Field>,
    /// Bodies of constant functions: no switch can be asked there.
    pub constant: Vec<Range<usize>>,
}

impl Places {
    pub fn of(file: &syn::File) -> Places {
        let mut places = Places::default();
        places.visit_file(file);
        places
    }
}

fn start(spanned: &impl Spanned) -> Place {
    let start = spanned.span().start();
    Place { line: start.line, column: start.column + 1 }
}

fn range(spanned: &impl Spanned) -> Range<usize> {
    let first = spanned.span().byte_range();
    first.start..first.end
}

impl<'ast> Visit<'ast> for Places {
    fn visit_expr_binary(&mut self, expr: &'ast syn::ExprBinary) {
        self.binaries.push(Binary {
            whole: range(expr),
            left: range(&expr.left),
            operator: range(&expr.op),
            right: range(&expr.right),
            at: start(&expr.op),
        });
        visit::visit_expr_binary(self, expr);
    }

    fn visit_expr_unary(&mut self, expr: &'ast syn::ExprUnary) {
        self.unaries.push(Unary {
            whole: range(expr),
            operand: range(&expr.expr),
            at: start(&expr.op),
        });
        visit::visit_expr_unary(self, expr);
    }

    fn visit_arm(&mut self, arm: &'ast syn::Arm) {
        self.arms.push(Arm {
            pattern_end: range(&arm.pat).end,
            guard: arm.guard.as_ref().map(|(_, guard)| range(guard)),
            at: start(arm),
        });
        visit::visit_arm(self, arm);
    }

    fn visit_expr_struct(&mut self, expr: &'ast syn::ExprStruct) {
        if let Some(dots) = expr.dot2_token.as_ref() {
            let starts: Vec<usize> = (expr.fields.iter().map(|field| range(field).start))
                .chain([range(dots).start])
                .collect();
            for (field, ends) in expr.fields.iter().zip(starts.windows(2)) {
                let (whole, field_range) = (range(expr), ends[0]..ends[1]);
                self.fields.push(Field { whole, field: field_range, at: start(field) });
            }
        }
        visit::visit_expr_struct(self, expr);
    }

    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        if function.sig.constness.is_some() {
            self.constant.push(range(&function.block));
        }
        visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        if function.sig.constness.is_some() {
            self.constant.push(range(&function.block));
        }
        visit::visit_impl_item_fn(self, function);
    }

    fn visit_item_const(&mut self, constant: &'ast syn::ItemConst) {
        self.constant.push(range(&constant.expr));
    }

    fn visit_item_static(&mut self, constant: &'ast syn::ItemStatic) {
        self.constant.push(range(&constant.expr));
    }
}
