/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Annotation files, read into statements.
 *
 *	statement = verb name { clause }
 *	clause    = word | word "string" | word = value { , value }
 *	value     = atom [ ( argument { , argument } ) ]
 *	argument  = [ word = ] atom
 *	atom      = word | "string"
 *
 * A statement starts in the first column; indented lines continue it. '#' starts a comment.
 */
#ifndef WRAPGEN_SOURCE_H
#define WRAPGEN_SOURCE_H

#include <stdbool.h>

#include "diag.h"

struct value {
	struct pos pos;
	const char *key;		/* of an argument; NULL: none */
	const char *text;
	struct value *args;
	unsigned int nr_args;
};

struct clause {
	struct pos pos;
	const char *name;
	struct value *values;
	unsigned int nr_values;
};

struct statement {
	struct pos pos;
	const char *verb;
	const char *name;
	struct clause *clauses;
	unsigned int nr_clauses;
};

struct source {
	struct statement *statements;
	unsigned int nr_statements;
};

void source_read(struct source *source, const char *path);
bool statement_has(const struct statement *s, const char *clause);
/* The one value of a clause, or NULL after a complaint. */
const struct value *clause_value(const struct clause *clause);

#endif
