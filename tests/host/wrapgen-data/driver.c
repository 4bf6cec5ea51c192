// SPDX-License-Identifier: GPL-2.0
/* A driver of the kernel beside it, for the tests of wrapgen: what matters is what it imports. */
extern int data;
int widget_start(void *);
int widget_new(void);
int asm_thunk(void);
int widget_key(void);
void widget_secret(void);
int widget_print(const char *, ...);
int widget_bytes(void *);
int widget_callback(void *);
int widget_unlock(void);
int widget_reset(void);
int widget_report(void *, void *, void *);
int other_module(void);

void widget_handed_on(void);

void (*address)(void) = widget_handed_on;

int init(void)
{
	widget_secret();
	return data + widget_start(0) + widget_new() + asm_thunk() + widget_key() +
	       widget_print("") + widget_bytes(0) + widget_callback(0) + widget_unlock() +
	       widget_reset() + widget_report(0, 0, 0) + other_module();
}
