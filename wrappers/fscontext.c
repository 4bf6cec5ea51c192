// SPDX-License-Identifier: GPL-2.0
/*
 * Contexts: newer file systems are mounted and remounted by a struct fs_context, which the kernel makes, and which
 * gets one option after the other. It leads to the kernel's functions here, which call the driver's, since it may
 * outlive the driver that has set it up: by fsopen() it is a file of the user's. Then it is nobody's, and its
 * functions return errors.
 *
 * What the driver has taken as options is kept, for the super block to be filled again after a restart (fspark.c).
 */
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/fs_context.h>
#include <linux/fs_parser.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "../nooks/compat.h"
#include "../nooks/driver.h"
#include "../nooks/image.h"
#include "../recovery/recover.h"
#include "fs.h"
#include "fscontext.h"
#include "generated.h"
#include "net.h"

#define MAX_SPECS	256	/* descriptions of options in a table */
#define MAX_NAME	64
#define MAX_VALUE	4096

/**
 * struct nooks_fscontext - a context that a driver has set up
 * @object: start is the fs_context
 * @theirs: the driver's functions; entry stubs, or NULL
 * @options: NULL, or a page of strings NAME or NAME=VALUE, the last one empty
 * @used: bytes of @options, without the empty one
 *
 * Who uses a context has it for himself: the VFS sees to that.
 */
struct nooks_fscontext {
	struct nooks_object object;
	struct fs_context_operations theirs;
	char *options;
	size_t used;
};

static struct nooks_fscontext *context_of(struct nooks_object *object)
{
	return container_of(object, struct nooks_fscontext, object);
}

static void free_context(struct nooks_object *object)
{
	free_page((unsigned long)context_of(object)->options);
	kfree(context_of(object));
}

/* Users decide how many there are. */
static const struct nooks_object_class context_class = {
	.name = "fs_context",
	.phase = NOOKS_PHASE_CALLS,
	.size = sizeof(struct nooks_fscontext),
	.free = free_context,
	.kernel_made = true,
};

static void forget(struct nooks_driver *driver, const struct fs_context *fc)
{
	struct nooks_object *object = nooks_object_remove(driver, &context_class, fc);

	if (object)
		nooks_object_free(object);
}

/**
 * struct visit - calls of a driver with a context
 * @x: during which the driver is not restarted
 * @c: the context, if it is the driver's as that runs now
 * @driver: whose file system it is for
 */
struct visit {
	struct nooks_crossing x;
	struct nooks_fscontext *c;
	struct nooks_driver *driver;
};

/* False: the driver is not there, or another one than that which has set the context up. */
static bool begin(struct visit *v, struct fs_context *fc)
{
	struct nooks_object *object;
	struct nooks_stub *stub;

	v->driver = nooks_fs_driver(fc->fs_type, &stub);
	if (!stub || !nooks_call_begin(&v->x, stub))
		return false;
	object = nooks_object_get(v->driver, &context_class, fc);
	v->c = object ? context_of(object) : NULL;
	if (!object)
		nooks_call_end(&v->x);
	return object;
}

static void end(struct visit *v)
{
	nooks_object_free(&v->c->object);
	nooks_call_end(&v->x);
}

/* Call one of its functions. */
static long call(struct visit *v, const void *fn, struct fs_context *fc, void *argument, int *status)
{
	unsigned long args[6] = { (unsigned long)fc, (unsigned long)argument };
	struct nooks_stub *stub = nooks_stub_find(v->driver, fn);
	struct nooks_crossing x;

	return (int)nooks_call_watched(&x, stub, &nooks_roles[stub->role], args, NULL, 0, status);
}

static int keep_option(struct nooks_fscontext *c, const struct fs_parameter *param)
{
	size_t room = PAGE_SIZE - 1 - c->used;
	int n;

	if (!c->options)
		c->options = (char *)get_zeroed_page(GFP_KERNEL);
	if (!c->options)
		return -ENOMEM;
	n = snprintf(c->options + c->used, room, "%s%s%s", param->key, param->string ? "=" : "", param->string ?: "");
	if (n >= room) {
		memset(c->options + c->used, 0, room);
		return -E2BIG;
	}
	c->used += n + 1;
	return 0;
}

/*
 * The driver may keep the text of an option, by setting the pointer to it to NULL, and frees it then: text and parameter
 * are copies in its heap.
 */
static int parse(struct visit *v, struct fs_context *fc, const struct fs_parameter *param)
{
	struct nooks_heap *heap = &v->driver->heap;
	struct fs_parameter *theirs = nooks_heap_alloc(heap, sizeof(*theirs), GFP_KERNEL);
	size_t size = param->string ? strlen(param->string) + 1 : 0;
	char *text = size ? nooks_heap_alloc(heap, size, GFP_KERNEL) : NULL;
	int status = NOOKS_CALL_DONE, ret = -ENOMEM;

	if (theirs && (text || !size)) {
		*theirs = *param;
		theirs->string = text;
		if (text)
			memcpy(text, param->string, size);
		ret = call(v, v->c->theirs.parse_param, fc, theirs, &status);
	}
	/* The heap of a driver that has failed goes as a whole. */
	if (status != NOOKS_CALL_DONE)
		return ret;
	if (text && (!theirs || theirs->string == text))
		nooks_heap_free(heap, text);
	if (theirs)
		nooks_heap_free(heap, theirs);
	return ret;
}

static int parse_param(struct fs_context *fc, struct fs_parameter *param)
{
	struct visit v;
	int ret = -ENOPARAM;

	if (param->type != fs_value_is_flag && param->type != fs_value_is_string)
		return -EINVAL;
	if (!begin(&v, fc))
		return -EIO;
	if (v.c->theirs.parse_param)
		ret = parse(&v, fc, param);
	if (!ret)
		ret = keep_option(v.c, param);
	end(&v);
	return ret;
}

/* Give back what get_tree_bdev() has given. */
static void drop_root(struct fs_context *fc)
{
	struct super_block *sb = fc->root->d_sb;

	dput(fc->root);
	fc->root = NULL;
	deactivate_locked_super(sb);
}

static int get_tree(struct fs_context *fc)
{
	int status, ret;
	struct visit v;

	if (!begin(&v, fc))
		return -EIO;
	ret = call(&v, v.c->theirs.get_tree, fc, NULL, &status);
	if (status == NOOKS_CALL_DONE && !ret != !!fc->root) {
		nooks_fail_return(v.driver, nooks_stub_find(v.driver, v.c->theirs.get_tree), ret);
		ret = -EIO;
	}
	end(&v);
	/* The driver has died with a super block in its hands, active and locked. */
	if (ret && fc->root)
		drop_root(fc);
	return ret;
}

static int reconfigure(struct fs_context *fc)
{
	int status, ret = 0;
	struct visit v;

	if (!begin(&v, fc))
		return -EIO;
	if (v.c->theirs.reconfigure)
		ret = call(&v, v.c->theirs.reconfigure, fc, NULL, &status);
	end(&v);
	return ret;
}

static void free_params(struct fs_context *fc)
{
	struct nooks_stub *stub;
	struct visit v;
	int status;

	if (begin(&v, fc)) {
		if (v.c->theirs.free)
			call(&v, v.c->theirs.free, fc, NULL, &status);
		end(&v);
	}
	forget(nooks_fs_driver(fc->fs_type, &stub), fc);
	nooks_fs_release(fc->fs_type);
}

static const struct fs_context_operations context_ops = {
	.free = free_params,
	.parse_param = parse_param,
	.get_tree = get_tree,
	.reconfigure = reconfigure,
};

/* Take over what the driver has set up; its functions got their roles when it stored the address of their table. */
static bool take_functions(struct nooks_fscontext *c, struct fs_context *fc)
{
	struct nooks_driver *driver = c->object.driver;

	if (!fc->ops)
		return false;
	c->theirs = *fc->ops;
	fc->ops = &context_ops;
	return nooks_stub_find(driver, c->theirs.get_tree) &&
	       (!c->theirs.free || nooks_stub_find(driver, c->theirs.free)) &&
	       (!c->theirs.parse_param || nooks_stub_find(driver, c->theirs.parse_param)) &&
	       (!c->theirs.reconfigure || nooks_stub_find(driver, c->theirs.reconfigure)) &&
	       !c->theirs.dup && !c->theirs.parse_monolithic;
}

int nooks_fscontext_init(struct nooks_driver *driver, struct nooks_stub *stub, struct fs_context *fc)
{
	unsigned long args[6] = { (unsigned long)fc };
	struct nooks_crossing outer, x;
	struct nooks_object *object;
	bool waits, begun;
	int status, ret;

	/* Who remounts may have s_umount, which recovery takes: he can't wait. */
	if (fc->purpose == FS_CONTEXT_FOR_RECONFIGURE && READ_ONCE(driver->state) != NOOKS_RUNNING)
		return -EIO;
	waits = fc->purpose != FS_CONTEXT_FOR_RECONFIGURE && READ_ONCE(driver->fs.restorer) != current;
	/* It may fail before it is called. */
	do {
		ret = waits ? nooks_recovery_wait(driver) : 0;
		if (ret)
			return ret;
		begun = stub && nooks_call_begin(&outer, stub);
	} while (!begun && stub && waits && nooks_recovery_due(driver));
	if (!begun)
		return -EIO;
	object = nooks_object_get_or_add(driver, &context_class, fc, sizeof(*fc), NOOKS_TYPE_fs_context, GFP_KERNEL);
	if (object)
		ret = (int)nooks_call_watched(&x, stub, &nooks_roles[stub->role], args, NULL, 0, &status);
	else
		ret = -ENOMEM;
	if (!ret && !take_functions(context_of(object), fc)) {
		nooks_fail_return(driver, stub, ret);
		ret = -EIO;
	}
	if (ret) {
		fc->ops = NULL;
		forget(driver, fc);
	}
	if (object)
		nooks_object_free(object);
	nooks_call_end(&outer);
	return ret;
}

const char *nooks_fscontext_options(struct nooks_driver *driver, const struct fs_context *fc)
{
	struct nooks_object *object = nooks_object_find(driver, &context_class, fc);

	return object ? context_of(object)->options : NULL;
}

/* Each option that the kernel's own code, and security modules, have left to the driver. */
static int set_options(struct fs_context *fc, const char *options)
{
	const char *value;
	int ret = 0;

	for (; *options && !ret; options += strlen(options) + 1) {
		char *name = kstrdup(options, GFP_KERNEL);

		if (!name)
			return -ENOMEM;
		value = strchr(options, '=');
		if (value)
			name[value++ - options] = '\0';
		ret = vfs_parse_fs_string(fc, name, value, value ? strlen(value) : 0);
		kfree(name);
	}
	return ret;
}

struct fs_context *nooks_fscontext_make(struct super_block *sb, const char *options)
{
	struct fs_context *fc = fs_context_for_mount(sb->s_type, (sb->s_flags & SB_RDONLY) | SB_SILENT);
	int ret;

	if (IS_ERR(fc))
		return fc;
	ret = options ? set_options(fc, options) : 0;
	if (!ret)
		return fc;
	put_fs_context(fc);
	return ERR_PTR(ret);
}

/*
 * int get_tree_bdev(struct fs_context *fc, int (*fill_super)(struct super_block *sb, struct fs_context *fc))
 */
NOOKS_WRAPPER(get_tree_bdev)
{
	static const char fn[] = "get_tree_bdev";
	struct fs_context *fc = (struct fs_context *)a0;

	if (!nooks_may_sleep(x, fn) ||
	    !nooks_arg_object(x, fc, NOOKS_TYPE_fs_context, false, fn, "fc") ||
	    !nooks_arg_require(x, fc->purpose == FS_CONTEXT_FOR_MOUNT && !fc->root, fn, "there is no root yet") ||
	    !nooks_arg_callback(x, (void *)a1, NOOKS_ROLE_get_tree_bdev_fill_super, false, fn, "fill_super"))
		return 0;
	return get_tree_bdev(fc, (void *)a1);
}

/* What the kernel may call for the type of an option. */
static bool known_type(fs_param_type *type)
{
	static fs_param_type *const types[] = {
		fs_param_is_bool, fs_param_is_u32, fs_param_is_s32, fs_param_is_u64, fs_param_is_enum,
		fs_param_is_string,
		NOOKS_FS_PARAM_IDS
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(types); i++)
		if (type == types[i])
			return true;
	return !type;		/* a flag */
}

/* The names of an enumeration, up to that which ends it. */
static bool check_constants(struct nooks_crossing *x, const struct constant_table *t, const char *fn)
{
	const struct constant_table *last = t + MAX_SPECS;

	for (; t < last; t++) {
		if (!nooks_arg_readable(x, t, sizeof(*t), false, fn, "desc->data"))
			return false;
		if (!t->name)
			return true;
		if (!nooks_arg_string(x, t->name, MAX_NAME, false, fn, "desc->data->name"))
			return false;
	}
	return nooks_arg_require(x, false, fn, "desc->data has an end");
}

/* The driver's descriptions: where it can't change them, since the kernel calls functions of these. */
static bool check_specs(struct nooks_crossing *x, const struct fs_parameter_spec *p, const char *fn)
{
	const struct fs_parameter_spec *last = p + MAX_SPECS;

	for (; p < last; p++) {
		if (!nooks_arg_require(x, nooks_image_readonly(nooks_driver_of(x), p, sizeof(*p)), fn,
				       "desc is in the driver's read-only data"))
			return false;
		if (!p->name)
			return true;
		if (!nooks_arg_string(x, p->name, MAX_NAME, false, fn, "desc->name") ||
		    !nooks_arg_require(x, known_type(p->type), fn, "desc->type is one that is offered") ||
		    (p->type == fs_param_is_enum && !check_constants(x, p->data, fn)))
			return false;
	}
	return nooks_arg_require(x, false, fn, "desc has an end");
}

/* A copy of the driver's parameter. */
static bool get_param(struct nooks_crossing *x, unsigned long addr, struct fs_parameter *param, const char *fn)
{
	if (!nooks_arg_readable(x, (void *)addr, sizeof(*param), false, fn, "param"))
		return false;
	memcpy(param, (void *)addr, sizeof(*param));
	return nooks_arg_string(x, param->key, MAX_VALUE, false, fn, "param->key") &&
	       nooks_arg_require(x, param->type == fs_value_is_flag || param->type == fs_value_is_string, fn,
				 "param is a flag or a string") &&
	       nooks_arg_string(x, param->string, MAX_VALUE, param->type == fs_value_is_flag, fn, "param->string");
}

/*
 * int __fs_parse(struct p_log *log, const struct fs_parameter_spec *desc, struct fs_parameter *value,
 *		  struct fs_parse_result *result)
 */
NOOKS_WRAPPER(__fs_parse)
{
	static const char fn[] = "__fs_parse";
	struct fs_context *fc = container_of((struct p_log *)a0, struct fs_context, log);
	struct fs_parse_result result;
	struct fs_parameter param;
	int ret;

	if (!nooks_may_sleep(x, fn) ||
	    !nooks_arg_object(x, fc, NOOKS_TYPE_fs_context, false, fn, "log") ||
	    !check_specs(x, (void *)a1, fn) || !get_param(x, a2, &param, fn) ||
	    !nooks_arg_writable(x, (void *)a3, sizeof(result), false, fn, "result"))
		return 0;
	memset(&result, 0, sizeof(result));
	ret = __fs_parse(&fc->log, (void *)a1, &param, &result);
	memcpy((void *)a3, &result, sizeof(result));
	return ret;
}
