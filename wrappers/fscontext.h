/* SPDX-License-Identifier: GPL-2.0 */
/* Contexts in which file systems are mounted and remounted, one option after the other: fscontext.c tells the whole. */
#ifndef NOOKS_FSCONTEXT_H
#define NOOKS_FSCONTEXT_H

struct file_system_type;
struct fs_context;
struct nooks_driver;
struct nooks_stub;
struct super_block;

/*
 * The kernel has made a context for a file system of the driver's, whose init_fs_context() is behind @stub. Waits for a
 * restart that is under way. May sleep. Return: 0, or an error.
 */
int nooks_fscontext_init(struct nooks_driver *driver, struct nooks_stub *stub, struct fs_context *fc);

/*
 * The options that the driver has taken in it: a page of strings, the last one empty; NULL: none, or it is not the
 * driver's as that runs now. Valid while a call of the driver's with this context is under way.
 */
const char *nooks_fscontext_options(struct nooks_driver *driver, const struct fs_context *fc);

/*
 * Another context, with the options of that in which a super block was filled, for it to be filled again; for
 * put_fs_context(). In the thread that restarts the driver; may sleep. Return: it, or an error pointer.
 */
struct fs_context *nooks_fscontext_make(struct super_block *sb, const char *options);

#endif
