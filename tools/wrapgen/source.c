// SPDX-License-Identifier: GPL-2.0
/* Annotation files, read into statements: the lexer and the parser. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "source.h"

/* Other tokens are their own character. */
enum { WORD = 256, STRING, END_OF_STATEMENT, END_OF_FILE };

struct lexer {
	const char *file;
	const char *next;
	const char *line_start;
	unsigned int line;

	int token;
	struct pos pos;
	char *text;			/* of a WORD or STRING */
};

static bool in_word(char c)
{
	return isalnum((unsigned char)c) || (c && strchr("_.*+-", c));
}

static bool skip_blanks(struct lexer *l)
{
	bool newline = false;

	for (;; l->next++) {
		if (*l->next == '#')
			l->next = strchrnul(l->next, '\n');
		if (!isspace((unsigned char)*l->next))
			return newline;
		if (*l->next == '\n') {
			newline = true;
			l->line++;
			l->line_start = l->next + 1;
		}
	}
}

static struct pos here(const struct lexer *l)
{
	return (struct pos){ l->file, l->line, l->next - l->line_start + 1 };
}

static void advance(struct lexer *l)
{
	struct pos end = here(l);
	bool newline = skip_blanks(l);
	const char *start = l->next;

	l->pos = here(l);
	if (!*start) {
		l->token = END_OF_FILE;
		l->pos = end;
	} else if (newline && l->pos.column == 1) {
		l->token = END_OF_STATEMENT;
		l->pos = end;
	} else if (*start == '"') {
		l->next += strcspn(start + 1, "\"\n") + 1;
		if (*l->next != '"') {
			complain(l->pos, "string without an end");
			l->token = END_OF_STATEMENT;
			return;
		}
		l->text = print("%.*s", (int)(l->next++ - start - 1), start + 1);
		l->token = STRING;
	} else if (in_word(*start)) {
		while (in_word(*l->next))
			l->next++;
		l->text = print("%.*s", (int)(l->next - start), start);
		l->token = WORD;
	} else {
		l->next++;
		l->token = (unsigned char)*start;
	}
}

static bool at_end(const struct lexer *l)
{
	return l->token == END_OF_STATEMENT || l->token == END_OF_FILE;
}

static bool accept(struct lexer *l, int token)
{
	if (l->token != token)
		return false;
	advance(l);
	return true;
}

static bool expected(const struct lexer *l, const char *what)
{
	if (at_end(l))
		complain(l->pos, "expected %s, not the end of the statement", what);
	else if (l->token == WORD || l->token == STRING)
		complain(l->pos, "expected %s, not '%s'", what, l->text);
	else
		complain(l->pos, "expected %s, not '%c'", what, l->token);
	return false;
}

static bool parse_word(struct lexer *l, const char **word, const char *what)
{
	*word = l->text;
	return accept(l, WORD) || expected(l, what);
}

static bool parse_atom(struct lexer *l, struct value *v)
{
	v->pos = l->pos;
	v->text = l->text;
	return accept(l, WORD) || accept(l, STRING) || expected(l, "a word or a string");
}

static bool parse_value(struct lexer *l, struct value *v)
{
	if (!parse_atom(l, v))
		return false;
	if (!accept(l, '('))
		return true;
	do {
		struct value *arg = &ADD(v->args, v->nr_args);

		if (!parse_atom(l, arg))
			return false;
		if (l->token == '=') {
			arg->key = arg->text;
			advance(l);
			if (!parse_atom(l, arg))
				return false;
		}
	} while (accept(l, ','));
	return accept(l, ')') || expected(l, "')'");
}

static bool parse_clause(struct lexer *l, struct clause *cl)
{
	cl->pos = l->pos;
	if (!parse_word(l, &cl->name, "a clause"))
		return false;
	if (l->token == STRING)
		return parse_atom(l, &ADD(cl->values, cl->nr_values));
	if (!accept(l, '='))
		return true;
	do {
		if (!parse_value(l, &ADD(cl->values, cl->nr_values)))
			return false;
	} while (accept(l, ','));
	return true;
}

static bool parse_statement(struct lexer *l, struct statement *s)
{
	if (!parse_word(l, &s->verb, "a verb"))
		return false;
	s->pos = l->pos;
	if (!parse_word(l, &s->name, "a name"))
		return false;
	while (!at_end(l)) {
		if (!parse_clause(l, &ADD(s->clauses, s->nr_clauses)))
			return false;
	}
	return true;
}

static char *read_file(const char *path)
{
	FILE *f = fopen(path, "r");
	char *text = NULL;
	size_t size = 0;

	if (!f)
		die("%s: %m", path);
	if (getdelim(&text, &size, '\0', f) < 0) {
		if (ferror(f))
			die("%s: %m", path);
		text = print("%s", "");
	}
	fclose(f);
	return text;
}

void source_read(struct source *source, const char *path)
{
	struct lexer l = { .file = path, .line = 1 };

	l.next = l.line_start = read_file(path);
	for (advance(&l); l.token != END_OF_FILE; ) {
		struct statement s = {};

		if (accept(&l, END_OF_STATEMENT))
			continue;
		if (parse_statement(&l, &s)) {
			ADD(source->statements, source->nr_statements) = s;
			continue;
		}
		while (!at_end(&l))
			advance(&l);
	}
}

bool statement_has(const struct statement *s, const char *clause)
{
	for (unsigned int i = 0; i < s->nr_clauses; i++) {
		if (!strcmp(s->clauses[i].name, clause))
			return true;
	}
	return false;
}

const struct value *clause_value(const struct clause *clause)
{
	if (clause->nr_values == 1)
		return &clause->values[0];
	complain(clause->pos, "'%s' takes one value", clause->name);
	return NULL;
}
