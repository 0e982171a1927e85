//! Whether two trees say the same, wherever they stand.

use super::ast::*;
use crate::source::Span;

/// Whether two files say the same, documentation and comments included, places not.
pub fn same(a: &File, b: &File) -> bool {
    let texts = |f: &File| f.comments.iter().map(|c| c.text.clone()).collect::<Vec<_>>();
    a.docs == b.docs && a.items.same(&b.items) && texts(a) == texts(b)
}

/// Whether two expressions say the same.
pub fn same_expr(a: &Expr, b: &Expr) -> bool {
    a.same(b)
}

trait Same {
    fn same(&self, other: &Self) -> bool;
}

impl Same for Span {
    fn same(&self, _: &Span) -> bool {
        true
    }
}

impl<T: PartialEq> Same for Spanned<T> {
    fn same(&self, other: &Spanned<T>) -> bool {
        self.value == other.value
    }
}

impl<T: Same> Same for Vec<T> {
    fn same(&self, other: &Vec<T>) -> bool {
        self.len() == other.len() && self.iter().zip(other).all(|(a, b)| a.same(b))
    }
}

impl<T: Same> Same for Option<T> {
    fn same(&self, other: &Option<T>) -> bool {
        match (self, other) {
            (Some(a), Some(b)) => a.same(b),
            (a, b) => a.is_none() && b.is_none(),
        }
    }
}

impl<T: Same> Same for Box<T> {
    fn same(&self, other: &Box<T>) -> bool {
        (**self).same(&**other)
    }
}

impl<A: Same, B: Same> Same for (A, B) {
    fn same(&self, other: &(A, B)) -> bool {
        self.0.same(&other.0) && self.1.same(&other.1)
    }
}

macro_rules! plain {
    ($($type:ty),*) => {
        $(impl Same for $type {
            fn same(&self, other: &Self) -> bool {
                self == other
            }
        })*
    };
}

plain!(bool, u32, i64, String, Role, UnaryOp, BinaryOp);

macro_rules! structs {
    ($($type:ident { $($field:ident),* })*) => {
        $(impl Same for $type {
            fn same(&self, other: &Self) -> bool {
                let $type { $($field),* } = self;
                true $(&& $field.same(&other.$field))*
            }
        })*
    };
}

structs! {
    Item { docs, kind, span }
    Use { module, names, overrides }
    Const { name, value }
    Opset { name, entries }
    Entry { docs, label, value }
    Op { name, config, body }
    Definition { role, name, config, maps, body }
    Trellis { name, config, maps, along, scale, body, arrow }
    Arrow { docs, per_arrow, map, value, span }
    Parameter { name, optional, ty, default }
    TypeName { name, lists }
    Let { binder, value }
    Block { kind, subject, clauses, phases }
    Phase { docs, word, name, clauses, span }
    Clause { docs, name, args, span }
    Statement { docs, kind, span }
    Target { name, indices }
    Each { binder, over }
    Expr { kind, span }
    Argument { name, value }
    Arm { pattern, value }
    PathClause { kind, span }
}

macro_rules! enums {
    ($($type:ident { $($variant:ident $(($($part:ident),*))? $({$($field:ident),*})?),* })*) => {
        $(impl Same for $type {
            fn same(&self, other: &Self) -> bool {
                match self {
                    $($type::$variant $(($($part),*))? $({$($field),*})? => {
                        let these = ($($($part,)*)? $($($field,)*)?);
                        match other {
                            $type::$variant $(($($part),*))? $({$($field),*})? => {
                                these.all_same(&($($($part,)*)? $($($field,)*)?))
                            }
                            _ => false,
                        }
                    })*
                }
            }
        })*
    };
}

/// Parts of a variant, compared one by one.
trait Parts {
    fn all_same(&self, other: &Self) -> bool;
}

macro_rules! parts {
    ($($name:ident . $at:tt),*) => {
        impl<$($name: Same),*> Parts for ($(&$name,)*) {
            fn all_same(&self, _other: &Self) -> bool {
                true $(&& self.$at.same(_other.$at))*
            }
        }
    };
}

parts!();
parts!(A.0);
parts!(A.0, B.1);
parts!(A.0, B.1, C.2);
parts!(A.0, B.1, C.2, D.3);
parts!(A.0, B.1, C.2, D.3, E.4);

enums! {
    ItemKind {
        Use(a), Const(a), Opset(a), Op(a), Definition(a), Trellis(a), Let(a), Block(a)
    }
    UseNames { Last, All(a), These(a) }
    Binder { Name(a), List(a, b) }
    StatementKind {
        Let(a), Node { keep, target, value, each }, Out { aux, outs, each }, Tap(a, b), For(a, b),
        Rebind(a, b)
    }
    ExprKind {
        Name(a), It, Absent, Int(a), Float(a), Quantity(a, b), Scale(a), Size(a), Str(a), Bool(a),
        List(a), Comprehension(a, b), Tuple(a), Call(a, b), Index(a, b), Slice(a, b, c, d),
        Field(a, b), Unary(a, b), Binary(a, b, c), Choose(a), Match(a, b),
        Schedule { from, to, curve, power }
    }
    Choose { Labelled(a), One(a, b), Picks { ordered, k, of, repeats, via }, Path(a) }
    Pattern { Else(a), Value(a), Range(a, b, c) }
    PathClauseKind { Layers(a), Scales(a), First(a), Exits(a), Moves(a), Weigh(a) }
}
