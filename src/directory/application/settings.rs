//! Making, showing and changing applications. Each change goes with its audit entry in one commit, and is in force on the next request.
