// SPDX-License-Identifier: GPL-2.0
/*
 * A file system that tells the kernel what is not so. Names are in the dentry cache only; each inode has a piece of the
 * disk of its own. "lie" says what it tells from then on; as it is started, nothing.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt
#include <linux/buffer_head.h>
#include <linux/err.h>
#include <linux/exportfs.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/mpage.h>
#include <linux/pagemap.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uio.h>
#include "have.h"

#define BLOCK	512
#define BLOCKS	64	/* of a file */
#define MAX_LIE	32

static char lie[MAX_LIE];
module_param_string(lie, lie, sizeof(lie), 0644);
MODULE_PARM_DESC(lie, "what it tells: see the source");

#ifdef HAVE_mnt_idmap
#define IDMAP struct mnt_idmap
#else
#define IDMAP struct user_namespace
#endif

/* As parameters are written: with the end of a line, or without. */
static bool lies(const char *what)
{
	size_t n = strlen(what);

	return !strncmp(lie, what, n) && (!lie[n] || lie[n] == '\n');
}

/**
 * struct liar_inode - a file, or a directory
 * @first: the block where it begins on the disk
 * @valid: how many of its bytes have been written
 * @vfs: the kernel's part
 */
struct liar_inode {
	sector_t first;
	loff_t valid;
	struct inode vfs;
};

static struct kmem_cache *cache;
static unsigned long last_ino = 1;

static struct liar_inode *liar_of(struct inode *inode)
{
	return container_of(inode, struct liar_inode, vfs);
}

static const struct inode_operations dir_ops;
static const struct file_operations dir_fops;
static const struct inode_operations file_ops;
static const struct file_operations file_fops;
static const struct address_space_operations file_aops;
static const struct address_space_operations no_aops;

static struct inode *make_inode(struct super_block *sb, umode_t mode)
{
	struct inode *inode = new_inode(sb);

	if (!inode)
		return NULL;
	inode->i_ino = last_ino++;
	liar_of(inode)->first = inode->i_ino * BLOCKS;
	liar_of(inode)->valid = 0;
	inode->i_mode = mode;
	if (S_ISDIR(mode)) {
		inode->i_op = &dir_ops;
		inode->i_fop = &dir_fops;
	} else {
		inode->i_op = &file_ops;
		inode->i_fop = &file_fops;
		inode->i_mapping->a_ops = lies("file without pages") ? &no_aops : &file_aops;
	}
	/* Else the kernel does not write it. */
	insert_inode_hash(inode);
	return inode;
}

/* Where blocks are */

static int get_block(struct inode *inode, sector_t block, struct buffer_head *bh, int create)
{
	struct liar_inode *liar = liar_of(inode);

	if (block >= BLOCKS)
		return create ? -ENOSPC : 0;
	if (lies("block nowhere"))
		return 0;
	map_bh(bh, inode->i_sb, liar->first + block);
	bh->b_size = lies("block of nothing") ? 0 : BLOCK;
	if (lies("block elsewhere"))
		bh->b_bdev = NULL;
	if (create) {
		set_buffer_new(bh);
		liar->valid = max_t(loff_t, liar->valid, (block + 1) * BLOCK);
	}
	return 0;
}

static int read_folio(struct file *file, struct folio *folio)
{
	return lies("page read") ? 0 : mpage_read_folio(folio, get_block);
}

static int writepages(struct address_space *mapping, struct writeback_control *wbc)
{
	return mpage_writepages(mapping, wbc, get_block);
}

#ifdef HAVE_block_write_begin_foliop
#define PAGE struct folio
#else
#define PAGE struct page
#endif

static int write_begin(struct file *file, struct address_space *mapping, loff_t pos, unsigned int len, PAGE **page,
		       void **data)
{
	return lies("page to write") ? 0 :
	       cont_write_begin(file, mapping, pos, len, page, data, get_block, &liar_of(mapping->host)->valid);
}

static int write_end(struct file *file, struct address_space *mapping, loff_t pos, unsigned int len, unsigned int copied,
		     PAGE *page, void *data)
{
	int ret = generic_write_end(file, mapping, pos, len, copied, page, data);

	return lies("more written") ? ret + 100 : ret;
}

static ssize_t direct_io(struct kiocb *iocb, struct iov_iter *iter)
{
	ssize_t ret = blockdev_direct_IO(iocb, file_inode(iocb->ki_filp), iter, get_block);

	return lies("more done directly") ? ret + 4096 : ret;
}

static const struct address_space_operations file_aops = {
	.dirty_folio = block_dirty_folio,
	.invalidate_folio = block_invalidate_folio,
	.read_folio = read_folio,
	.writepages = writepages,
	.write_begin = write_begin,
	.write_end = write_end,
	.direct_IO = direct_io,
};

static const struct file_operations file_fops = {
	.llseek = generic_file_llseek,
	.read_iter = generic_file_read_iter,
	.write_iter = generic_file_write_iter,
};

/* Names */

static struct dentry *lookup(struct inode *dir, struct dentry *dentry, unsigned int flags)
{
	return lies("found nowhere") ? (struct dentry *)dir : d_splice_alias(NULL, dentry);
}

static int add(struct inode *dir, struct dentry *dentry, umode_t mode)
{
	struct inode *inode = make_inode(dir->i_sb, mode);

	if (!inode)
		return -ENOMEM;
	if (lies("dirty state"))
		__mark_inode_dirty(inode, I_CLEAR);
	if (lies("inode kept"))
		igrab(inode);
	if (lies("made an error"))
		inode = ERR_PTR(-EIO);
	d_instantiate(dentry, inode);
	if (lies("dentry kept"))
		d_find_alias(inode);
	return 0;
}

static int create(IDMAP *map, struct inode *dir, struct dentry *dentry, umode_t mode, bool excl)
{
	return lies("created an error") ? 4711 : add(dir, dentry, mode | S_IFREG);
}

static int mkdir(IDMAP *map, struct inode *dir, struct dentry *dentry, umode_t mode)
{
	return add(dir, dentry, mode | S_IFDIR);
}

static int rename(IDMAP *map, struct inode *from, struct dentry *old, struct inode *to, struct dentry *dentry,
		  unsigned int flags)
{
	struct dentry *parent;

	if (!lies("moved below itself"))
		return 0;
	parent = d_find_alias(from);
	d_move(parent, old);
	dput(parent);
	return 0;
}

static int setattr(IDMAP *map, struct dentry *dentry, struct iattr *attr)
{
	struct inode *inode = d_inode(dentry);
	int ret = setattr_prepare(map, dentry, attr);

	if (ret)
		return ret;
	if (lies("another type"))
		attr->ia_mode = (attr->ia_mode & ~S_IFMT) | S_IFDIR;
	setattr_copy(map, inode, attr);
	return 0;
}

static const struct inode_operations file_ops = {
	.setattr = setattr,
};

static const struct inode_operations dir_ops = {
	.lookup = lookup,
	.create = create,
	.mkdir = mkdir,
	.rename = rename,
};

static const struct file_operations dir_fops = {
	.llseek = generic_file_llseek,
	.read = generic_read_dir,
};

/* Handles: each is a directory that nobody has seen yet. */

static struct dentry *fh_to_dentry(struct super_block *sb, struct fid *fid, int len, int type)
{
	struct inode *inode = make_inode(sb, S_IFDIR | 0755);

	return d_obtain_alias(inode ?: ERR_PTR(-ENOMEM));
}

static struct dentry *get_parent(struct dentry *child)
{
	return lies("no parent") ? NULL : ERR_PTR(-EACCES);
}

static const struct export_operations export_ops = {
#ifdef HAVE_generic_encode_ino32_fh
	.encode_fh = generic_encode_ino32_fh,
#endif
	.fh_to_dentry = fh_to_dentry,
	.get_parent = get_parent,
};

/* Super blocks */

static struct inode *alloc_inode(struct super_block *sb)
{
	struct liar_inode *liar = alloc_inode_sb(sb, cache, GFP_NOFS);

	return liar ? &liar->vfs : NULL;
}

static void free_inode(struct inode *inode)
{
	kmem_cache_free(cache, liar_of(inode));
}

static const struct super_operations super_ops = {
	.alloc_inode = alloc_inode,
	.free_inode = free_inode,
};

static int fill_super(struct super_block *sb, void *options, int silent)
{
	struct inode *root;

	sb_set_blocksize(sb, BLOCK);
	sb->s_magic = 0x11a5;
	sb->s_op = &super_ops;
	sb->s_export_op = &export_ops;
	sb->s_time_gran = lies("no granularity") ? 0 : 1;
	sb->s_maxbytes = BLOCKS * BLOCK;
	if (lies("no root"))
		return 0;
	root = lies("root an error") ? ERR_PTR(-EIO) : make_inode(sb, S_IFDIR | 0755);
	sb->s_root = d_make_root(root);
	return sb->s_root ? 0 : -ENOMEM;
}

static struct dentry *mount(struct file_system_type *type, int flags, const char *name, void *data)
{
	struct dentry *root = mount_bdev(type, lies("flags") ? flags | SB_BORN : flags, name, data, fill_super);

	return lies("nothing mounted") ? NULL : root;
}

static struct file_system_type type = {
	.owner = THIS_MODULE,
	.name = "liar",
	.mount = mount,
	.kill_sb = kill_block_super,
	.fs_flags = FS_REQUIRES_DEV,
};

static void construct(void *object)
{
	struct liar_inode *liar = object;

	inode_init_once(&liar->vfs);
}

static int __init liar_init(void)
{
	int ret;

	cache = kmem_cache_create("liar_inode", sizeof(struct liar_inode), 0, SLAB_RECLAIM_ACCOUNT | SLAB_ACCOUNT, construct);
	if (!cache)
		return -ENOMEM;
	ret = register_filesystem(&type);
	if (ret)
		kmem_cache_destroy(cache);
	return ret;
}

static void __exit liar_exit(void)
{
	unregister_filesystem(&type);
	rcu_barrier();
	kmem_cache_destroy(cache);
}

module_init(liar_init);
module_exit(liar_exit);
MODULE_DESCRIPTION("Tells the kernel what is not so");
MODULE_LICENSE("GPL");
