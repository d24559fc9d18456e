//! Go's `text/template`: lex, parse, run, values, `fmt` printing. Functions come from outside.
