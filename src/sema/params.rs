//! Parameters: configuration and maps get their names, and must be what their types say.

use super::arguments::uneven_width;
use super::eval::{Eval, Evaluator, unfit};
use super::frame::Frame;
use super::module::ItemRef;
use super::value::{Design, Value};
use crate::diag::{Diag, did_you_mean, listed};
use crate::source::Span;
use crate::syntax::ast::*;

impl Evaluator<'_> {
    /// Binds configuration: what was given, else the default, else it is missing.
    pub(super) fn bind_config(
        &mut self,
        item: &ItemRef,
        d: &Design,
        at: Span,
        f: &mut Frame,
    ) -> Eval<()> {
        for param in config_of(item) {
            let given = d.config.iter().rev().find(|(n, _, _)| **n == *param.name.value);
            let (value, value_at) = match (given, &param.default) {
                (Some((_, value, span)), _) => (value.clone(), *span),
                (None, Some(default)) => (self.eval(default, f)?, default.span),
                (None, None) => {
                    let name = &param.name.value;
                    return self.fail(
                        Diag::new(
                            "E0209",
                            format!("`{}` needs the argument `{name}`", item.name()),
                        )
                        .label(at, "not given here")
                        .label(param.name.span, "declared here")
                        .help(format!("`{}({name} = …)`", item.name())),
                    );
                }
            };
            self.check_type(param, &value, value_at)?;
            f.vars.insert(param.name.value.as_str().into(), value);
        }
        Ok(())
    }

    /// A value must be what the parameter's type says.
    fn check_type(&mut self, param: &Parameter, value: &Value, at: Span) -> Eval<()> {
        let Some(ty) = &param.ty else { return Ok(()) };
        if ty.lists > 0 || value.is_varied() {
            return Ok(());
        }
        let whole = value.as_ratio().is_some_and(|r| r.is_integer());
        let (fits, what) = match ty.name.value.as_str() {
            "int" => (whole, "a whole number"),
            "width" => {
                let width = matches!(value, Value::Same | Value::Slice(_));
                (whole || width, "a number of channels")
            }
            "scale" => (matches!(value, Value::Scale(_)), "a scale such as `/8`"),
            "bool" => (matches!(value, Value::Bool(_)), "`true` or `false`"),
            "number" => (value.as_f64().is_some(), "a number"),
            "op" => (matches!(value, Value::Design(_) | Value::Same), "an operator"),
            "path" => (matches!(value, Value::Path(_) | Value::List(_)), "a path"),
            // The pass over names reports unknown types.
            _ => (true, ""),
        };
        if fits {
            return Ok(());
        }
        let diag = match value.as_ratio() {
            Some(_) if ty.name.value == "width" => uneven_width(value),
            _ => unfit(what, value),
        };
        self.fail(
            diag.label(at, format!("given for `{}`", param.name.value))
                .label(param.name.span, "declared here"),
        )
    }

    pub(super) fn bind_maps(
        &mut self,
        name: &Name,
        params: &[Parameter],
        maps: Vec<Value>,
        at: Span,
        f: &mut Frame,
    ) -> Eval<()> {
        if params.len() != maps.len() {
            let s = if params.len() == 1 { "" } else { "s" };
            let names: Vec<&str> = params.iter().map(|p| p.name.value.as_str()).collect();
            return self.fail(
                Diag::new(
                    "E0403",
                    format!("`{}` takes {} input{s}, got {}", name.value, params.len(), maps.len()),
                )
                .label(at, "applied here")
                .label(name.span, "declared here")
                .help(format!("`{}({})`", name.value, names.join(", "))),
            );
        }
        for (param, map) in params.iter().zip(maps) {
            if matches!(map, Value::Absent) && !param.optional {
                return self.fail(
                    Diag::new("E0408", format!("`{}` is absent here", param.name.value))
                        .label(at, "applied here")
                        .label(param.name.span, "must be there")
                        .help(format!("write `{}?` where it may be absent", param.name.value)),
                );
            }
            f.vars.insert(param.name.value.as_str().into(), map);
        }
        Ok(())
    }
}

/// The types of parameters.
const TYPES: &[&str] =
    &["int", "width", "scale", "bool", "number", "op", "map", "list", "word", "path"];

/// The mistake in a type that there is not.
pub(super) fn unknown_type(ty: &TypeName) -> Option<Diag> {
    let name = ty.name.value.as_str();
    if TYPES.contains(&name) {
        return None;
    }
    let help = match did_you_mean(name, TYPES.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("types are {}", listed(TYPES)),
    };
    let diag = Diag::new("E0215", format!("there is no type `{name}`"));
    Some(diag.label(ty.name.span, "not a type").help(help))
}

/// The configuration of an item.
pub(super) fn config_of(item: &ItemRef) -> &[Parameter] {
    match &item.item().kind {
        ItemKind::Op(op) => &op.config,
        ItemKind::Definition(def) => &def.config,
        ItemKind::Trellis(trellis) => &trellis.config,
        _ => &[],
    }
}
