//! What is made of attributes on their way in and on their way out: the mapping language, and rules and policies written in it. Pure
//! functions over JSON; it knows no store, no clock and no socket.

pub mod document;
