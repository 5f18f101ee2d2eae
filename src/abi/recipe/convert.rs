//! Conversions between the types of a recipe's values.

use super::Expr;
use super::bind::Fit;
use super::ops::Val;
use super::value_format::StaticType;
use super::values::to_float;
use crate::guest::Type;

/// The type in which two values are compared: a float's, else i64 if either is that wide.
pub(super) fn compared_as(left: StaticType, right: StaticType) -> Type {
    let kinds = [left, right];
    let widest = [Type::F64, Type::F32, Type::I64].into_iter().find(|&ty| kinds.contains(&StaticType::Of(ty)));
    widest.unwrap_or(Type::I32)
}

/// Converts a value to type `ty`. An integer may become a float, and a float an integer, if it is a whole number.
pub(super) fn convert(value: Val, kind: StaticType, ty: Type, expr: &Expr) -> Fit<Val> {
    let is_float = matches!(ty, Type::F32 | Type::F64);
    match (value, kind) {
        (_, StaticType::Perhaps) => {
            Err(format!("`{expr}` may be unset: it comes from a call with `?` to an export that this module lacks"))
        }
        (value, StaticType::Of(given)) if given == ty => Ok(value),
        (Val::Const(n), _) if is_float => Ok(Val::Const(to_float(ty, n).cast_signed())),
        (value, StaticType::Of(Type::I32 | Type::I64) | StaticType::Literal) => {
            Ok(if is_float { Val::ToFloat(ty, Box::new(value)) } else { value })
        }
        (value, StaticType::Of(given @ (Type::F32 | Type::F64))) if !is_float => {
            Ok(Val::FromFloat(given, Box::new(value)))
        }
        (_, StaticType::Of(given)) => {
            let wanted = if is_float { ty.to_string() } else { "an integer".to_owned() };
            Err(format!("`{expr}` is {given}, expected {wanted}"))
        }
    }
}
