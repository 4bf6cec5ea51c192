// SPDX-License-Identifier: GPL-2.0
/*
 * Faults of behaviour: a call of the driver's does something else. What fits goes into the five bytes of the
 * call; the rest goes to code that the workload does not use, which the call then leads to. Both
 * are the driver's text, so it is the same natively and in a domain.
 */
#include <fnmatch.h>
#include <string.h>

#include "memory.h"
#include "plan.h"
#include "random.h"

#define CALL_SIZE	5
#define HEAD		16	/* bytes at the start of a function that stay, for whom it may be called by after all */

/*
 * Bytes of code. TARGET stands for a call or jump to what was called; AUX for a call of the function that
 * behaviour.aux names; HANDLER for a jump to an interrupt handler of the driver's. RANDOM is four random bytes, which are no
 * large number, and WILD any four. INSIDE is a displacement of one byte, to a word of an object; AROUND one of four, to a word
 * in front of it or behind it.
 */
enum { END = -1, TARGET = -2, AUX = -3, RANDOM = -4, WILD = -5, INSIDE = -6, AROUND = -7, HANDLER = -8 };

#define WORD		4	/* that is overwritten in an object */
#define BESIDE		1024	/* bytes around an object that are its neighbours */

/**
 * struct behaviour - what becomes of a call
 * @functions: patterns of the names of the functions whose calls are meant; NULL: all
 * @code: the new code
 * @inplace: it fits into the call's bytes
 * @aux: pattern of the name of a function that it calls besides
 * @span: bytes of the object that INSIDE is about, at most 128
 */
struct behaviour {
	const char * const *functions;
	const int *code;
	bool inplace;
	const char *aux;
	uint32_t span;
};

#define LIST(...)	(const char * const []){ __VA_ARGS__, NULL }
#define CODE(...)	(const int []){ __VA_ARGS__, END }

#define ALLOCATIONS	"__kmalloc*", "kmalloc_*", "kvmalloc_node", "vmalloc*", "vzalloc*", \
			"kmem_cache_alloc*", "__netdev_alloc_*", "__napi_alloc_*", "__alloc_skb", \
			"alloc_skb*", "dma_alloc_*", "*build_skb*", "alloc_pages*", "__alloc_pages*", \
			"alloc_etherdev*", "sb_bread*", "__bread*"
#define RELEASES	"kfree", "kvfree", "vfree", "consume_skb", "kfree_skb*", "__dev_kfree_skb_*", \
			"dev_kfree_skb*", "napi_consume_skb", "dma_free_*", "dma_unmap_*", "free_irq", \
			"page_frag_free", "__free_page*", "kmem_cache_free", "__brelse", "iput"
#define UNLOCKS		"_raw_spin_unlock*", "_raw_read_unlock*", "_raw_write_unlock*", "mutex_unlock", \
			"up_read", "up_write", "__local_bh_enable_ip"

static const struct behaviour
allocation_failure = {
	.functions = LIST(ALLOCATIONS), .code = CODE(0x31, 0xc0, 0x0f, 0x1f, 0x00), .inplace = true,	/* xor eax, eax */
}, leak = {
	.functions = LIST(RELEASES), .code = CODE(0x0f, 0x1f, 0x44, 0x00, 0x00), .inplace = true,
}, unlock_dropped = {
	.functions = LIST(UNLOCKS), .code = CODE(0x0f, 0x1f, 0x44, 0x00, 0x00), .inplace = true,
}, endless_loop = {
	.code = CODE(0xeb, 0xfe, 0x0f, 0x1f, 0x00), .inplace = true,
}, endless_loop_irqs_off = {
	.code = CODE(0xfa, 0xeb, 0xfd, 0x66, 0x90), .inplace = true,			/* cli */
}, stack_overflow = {
	.code = CODE(0xe8, 0xfb, 0xff, 0xff, 0xff), .inplace = true,			/* calls itself */
}, interrupts_off = {
	.code = CODE(0xfa, 0xe9, TARGET),
}, wrong_size = {		/* shr rdi, 2; or rsi */
	.functions = LIST("__kmalloc", "kvmalloc_node", "vmalloc", "vzalloc", "__alloc_skb"),
	.code = CODE(0x48, 0xc1, 0xef, 0x02, 0xe9, TARGET),
}, wrong_size_second = {
	.functions = LIST("dma_alloc_attrs", "__netdev_alloc_skb", "__napi_alloc_skb", "*build_skb*"),
	.code = CODE(0x48, 0xc1, 0xee, 0x02, 0xe9, TARGET),
}, double_free = {		/* push rdi; call; pop rdi; jmp */
	.functions = LIST("kfree", "kvfree", "vfree", "consume_skb", "page_frag_free"),
	.code = CODE(0x57, 0xe8, TARGET, 0x5f, 0xe9, TARGET),
}, use_after_free = {		/* call; push rax; mov rdi, rax; call kfree; pop rax; ret */
	.functions = LIST("__kmalloc", "kmalloc_*"),
	.code = CODE(0xe8, TARGET, 0x50, 0x48, 0x89, 0xc7, 0xe8, AUX, 0x58, 0xc3), .aux = "kfree",
}, atomic_sleep = {		/* registers of arguments pushed; mov edi, 20; call msleep; popped; jmp */
	.code = CODE(0x57, 0x56, 0x52, 0x51, 0x41, 0x50, 0x41, 0x51, 0xbf, 20, 0, 0, 0, 0xe8, AUX,
		     0x41, 0x59, 0x41, 0x58, 0x59, 0x5a, 0x5e, 0x5f, 0xe9, TARGET),
	.aux = "msleep",
}, wrong_pointer = {		/* add rdi, random */
	.code = CODE(0x48, 0x81, 0xc7, RANDOM, 0xe9, TARGET),
}, wrong_length = {		/* add rdx, random; ditto rcx and rsi */
	.functions = LIST("dma_unmap_*", "dma_sync_*", "skb_copy_expand", "memcpy"),
	.code = CODE(0x48, 0x81, 0xc2, RANDOM, 0xe9, TARGET),
}, wrong_length_fourth = {
	.functions = LIST("dma_map_page*", "skb_copy_bits", "skb_store_bits"), .code = CODE(0x48, 0x81, 0xc1, RANDOM, 0xe9, TARGET),
}, wrong_length_second = {
	.functions = LIST("skb_put", "skb_push", "skb_pull", "skb_trim", "___pskb_trim", "__pskb_pull_tail"),
	.code = CODE(0x48, 0x81, 0xc6, RANDOM, 0xe9, TARGET),
}, copy_overrun = {		/* add rdx, 2048 */
	.functions = LIST("memcpy", "memmove", "memset", "__memcpy", "__memset", "strncpy"),
	.code = CODE(0x48, 0x81, 0xc2, 0x00, 0x08, 0x00, 0x00, 0xe9, TARGET),
}, copy_overrun_fourth = {	/* add rcx, 2048 */
	.functions = LIST("skb_copy_bits", "skb_store_bits"),
	.code = CODE(0x48, 0x81, 0xc1, 0x00, 0x08, 0x00, 0x00, 0xe9, TARGET),
}, wrong_return = {		/* call; add eax, random; ret */
	.code = CODE(0xe8, TARGET, 0x05, RANDOM, 0xc3),
};

/*
 * An object that lies in the driver's memory, and that the kernel uses: the first argument (rdi) of functions that
 * take it into use is overwritten when the kernel has it, that of others before they see it; so are the second and the third (rsi, rdx).
 */
#define FIRST		0x57, 0x5f, 0x47	/* push, pop, operand of a mov, of a register */
#define SECOND		0x56, 0x5e, 0x46
#define THIRD		0x52, 0x5a, 0x42
#define OVERWRITE_AFTER(push, pop, operand) \
	CODE(push, 0xe8, TARGET, pop, 0xc7, operand, INSIDE, WILD, 0xc3)
#define OVERWRITE_BEFORE(push, pop, operand) \
	CODE(0xc7, operand, INSIDE, WILD, 0xe9, TARGET)
#define AFTER(argument)		OVERWRITE_AFTER(argument)
#define BEFORE(argument)	OVERWRITE_BEFORE(argument)

/* Sizes, up to what is for debugging only */
enum { LOCK = 4, LIST_HEAD = 16, WORK = 32, MUTEX = 32, TIMER = 40, NAPI = 64, DELAYED_WORK = 88, INODE = 128 };

static const struct behaviour
timer_queued = {
	.functions = LIST("mod_timer", "add_timer*"), .code = AFTER(FIRST), .span = TIMER,
}, timer_deleted = {
	.functions = LIST("timer_delete*", "del_timer*"), .code = BEFORE(FIRST), .span = TIMER,
}, work_queued = {
	.functions = LIST("queue_work_on"), .code = AFTER(THIRD), .span = WORK,
}, work_cancelled = {
	.functions = LIST("cancel_work*", "flush_work"), .code = BEFORE(FIRST), .span = WORK,
}, delayed_work_queued = {
	.functions = LIST("queue_delayed_work_on", "mod_delayed_work_on"), .code = AFTER(THIRD), .span = DELAYED_WORK,
}, delayed_work_cancelled = {
	.functions = LIST("cancel_delayed_work*"), .code = BEFORE(FIRST), .span = DELAYED_WORK,
}, napi_added = {
	.functions = LIST("netif_napi_add*"), .code = AFTER(SECOND), .span = NAPI,
}, napi_scheduled = {
	.functions = LIST("__napi_schedule*", "napi_enable"), .code = AFTER(FIRST), .span = NAPI,
}, napi_ended = {
	.functions = LIST("napi_schedule_prep", "napi_complete_done", "napi_disable"),
	.code = BEFORE(FIRST), .span = NAPI,
}, spin_lock = {
	.functions = LIST("_raw_spin_*", "_raw_read_*", "_raw_write_*"), .code = BEFORE(FIRST), .span = LOCK,
}, mutex = {
	.functions = LIST("mutex_*", "down_*", "up_*"), .code = BEFORE(FIRST), .span = MUTEX,
}, list_entry = {
	.functions = LIST("__list_add_valid", "__list_del_entry_valid"), .code = BEFORE(FIRST), .span = LIST_HEAD,
}, list_head = {
	.functions = LIST("__list_add_valid"), .code = BEFORE(THIRD), .span = LIST_HEAD,
}, inode = {
	.functions = LIST("__mark_inode_dirty", "__insert_inode_hash", "inode_*", "d_splice_alias"),
	.code = BEFORE(FIRST), .span = INODE,
}, private_data = {		/* mov dword ptr [rdi + around], wild */
	.functions = LIST("_raw_spin_*", "mutex_*", "napi_*", "__napi_*", "mod_timer", "timer_delete*", "cancel_*work*",
			  "__mark_inode_dirty"),
	.code = CODE(0xc7, 0x87, AROUND, WILD, 0xe9, TARGET),
};

/* The interrupt comes when the driver has ended it; or what it brings is told late: a loop of some milliseconds. */
static const struct behaviour
interrupt_after_free = {	/* push rdi; push rsi; call; pop rsi; pop rdi; jmp */
	.functions = LIST("free_irq"), .code = CODE(0x57, 0x56, 0xe8, TARGET, 0x5e, 0x5f, 0xe9, HANDLER),
}, interrupt_delayed = {	/* mov r11d, 2000000; dec r11d; jnz back; jmp */
	.functions = LIST("napi_schedule_prep", "__napi_schedule*"),
	.code = CODE(0x41, 0xbb, 0x80, 0x84, 0x1e, 0x00, 0x41, 0xff, 0xcb, 0x75, 0xfb, 0xe9, TARGET),
};

/* A lock is given back, and taken again for nobody. */
static const struct behaviour
spin_lock_held = {		/* push rdi; call; pop rdi; jmp */
	.functions = LIST("_raw_spin_unlock*"), .code = CODE(0x57, 0xe8, TARGET, 0x5f, 0xe9, AUX),
	.aux = "_raw_spin_lock*",
}, mutex_held = {
	.functions = LIST("mutex_unlock"), .code = CODE(0x57, 0xe8, TARGET, 0x5f, 0xe9, AUX), .aux = "mutex_lock",
};

/* Is it a call by a relocation, of a function whose name matches one of the patterns? */
static bool is_call_of(const struct text *text, const struct place *place,
		       const char * const *functions)
{
	if (place->fixed || place->length != CALL_SIZE || text->code[place->offset] != 0xe8 ||
	    place->field != 1 || place->width != 4 || !*place->target)
		return false;
	if (!functions)
		return true;
	for (; *functions; functions++)
		if (!fnmatch(*functions, place->target, 0))
			return true;
	return false;
}

static const struct place *find_call_of(const struct text *text, const char *pattern)
{
	const char *functions[] = { pattern, NULL };

	for (uint32_t i = 0; i < text->nr_places; i++)
		if (is_call_of(text, &text->places[i], functions))
			return &text->places[i];
	return NULL;
}

static uint32_t code_size(const int *code)
{
	uint32_t size = 0;

	for (; *code != END; code++)
		size += *code < 0 && *code != INSIDE ? 4 : 1;
	return size;
}

#define BEFORE_REQUEST	32	/* instructions in which request_irq() gets its arguments */

/* The function of the driver's that a call of request_irq() makes an interrupt's handler, by "mov rsi, function"; or NOWHERE. */
static uint32_t handler_of(const struct text *text, const struct place *request)
{
	const struct place *first = text->places + place_function(text, request)->first;
	const struct place *place = request;

	for (int i = 0; i < BEFORE_REQUEST && place-- > first; i++)
		if (place->to != NOWHERE && !memcmp(text->code + place->offset, "\x48\xc7\xc6", 3))
			return place->to;
	return NOWHERE;
}

/* One of the driver's interrupt handlers, or NOWHERE if it has none. */
static uint32_t choose_handler(const struct text *text, uint64_t *seed)
{
	static const char * const requests[] = { "request_threaded_irq", "request_any_context_irq", NULL };
	uint32_t chosen = NOWHERE, nr = 0;

	for (uint32_t i = 0; i < text->nr_places; i++) {
		uint32_t handler;

		if (!is_call_of(text, &text->places[i], requests))
			continue;
		handler = handler_of(text, &text->places[i]);
		if (handler != NOWHERE && !random_below(seed, ++nr))
			chosen = handler;
	}
	return chosen;
}

/* The displacement of one of @words words, of which the first is at @from. */
static int32_t choose_word(uint64_t *seed, int32_t from, uint32_t words)
{
	return from + WORD * (int32_t)random_below(seed, words);
}

/* Room for @size bytes in functions that are not wanted; 0: none (no such function is at offset 0). */
static uint32_t find_room(const struct plan *plan, uint32_t size)
{
	const struct text *text = plan->text;

	for (uint32_t f = 0; f < text->nr_functions; f++) {
		const struct function *function = &text->functions[f];
		uint32_t start = function->offset + HEAD;

		if (function->wanted || function->size < HEAD + size)
			continue;
		for (uint32_t i = function->first; i < function->first + function->nr; i++) {
			const struct place *place = &text->places[i];
			uint32_t end = place->offset + place->length;

			if (place->fixed || (end > start && patch_overlaps(plan, start, end - start)))
				start = end > start ? end : start;
			else if (end >= start + size)
				return start;
		}
	}
	return 0;
}

/* Return: false if the driver lacks what the code is about. */
static bool emit(const struct behaviour *behaviour, const struct plan *plan, struct patch *patch,
		 const struct place *site, uint64_t *seed)
{
	const struct place *aux = behaviour->aux ? find_call_of(plan->text, behaviour->aux) : NULL;
	uint32_t at = 0, handler;
	int32_t number;

	for (const int *code = behaviour->code; *code != END; code++) {
		switch (*code) {
		case TARGET:
		case AUX:
			patch->fixes[patch->nr_fixes++] = (struct fix) {
				at, *code == TARGET ? site->offset : aux->offset,
			};
			memset(patch->bytes + at, 0, 4);
			at += 4;
			break;
		case RANDOM:
			number = (int32_t)random_below(seed, 1 << 16) - (1 << 15);
			number += !number;
			memcpy(patch->bytes + at, &number, 4);
			at += 4;
			break;
		case WILD:
			number = random_next(seed);
			memcpy(patch->bytes + at, &number, 4);
			at += 4;
			break;
		case INSIDE:
			patch->bytes[at++] = choose_word(seed, 0, behaviour->span / WORD);
			break;
		case AROUND:
			number = choose_word(seed, -BESIDE, 2 * BESIDE / WORD);
			memcpy(patch->bytes + at, &number, 4);
			at += 4;
			break;
		case HANDLER:
			handler = choose_handler(plan->text, seed);
			if (handler == NOWHERE)
				return false;
			number = handler - (patch->offset + at + 4);
			memcpy(patch->bytes + at, &number, 4);
			at += 4;
			break;
		default:
			patch->bytes[at++] = *code;
		}
	}
	memset(patch->keep, 0, sizeof(patch->keep));
	return true;
}

static bool behaviour_eligible(const struct kind *kind, const struct plan *plan,
			       const struct place *place)
{
	const struct behaviour *behaviour = kind->data;

	if (behaviour->aux && !find_call_of(plan->text, behaviour->aux))
		return false;
	return is_call_of(plan->text, place, behaviour->functions);
}

static bool behave(const struct kind *kind, const struct plan *plan, struct fault *fault,
		   uint64_t *seed)
{
	const struct behaviour *behaviour = kind->data;
	const struct place *site = fault->place;
	struct patch *call = &fault->patches[0];
	uint32_t size = code_size(behaviour->code), room;
	int32_t distance;

	if (behaviour->inplace)
		return emit(behaviour, plan, call, site, seed);
	room = find_room(plan, size);
	if (!room)
		return false;
	patch_begin(&fault->patches[1], plan->text, room, size);
	if (!emit(behaviour, plan, &fault->patches[1], site, seed))
		return false;
	fault->nr_patches = 2;
	distance = room - (site->offset + CALL_SIZE);
	memcpy(call->bytes + 1, &distance, sizeof(distance));
	memset(call->keep, 0, sizeof(call->keep));
	return true;
}

#define BEHAVIOUR(name, what, b) \
	{ name, what, behaviour_eligible, behave, true, &(b) }

const struct kind behaviour_kinds[] = {
	BEHAVIOUR("allocation-failure", "an allocation fails", allocation_failure),
	BEHAVIOUR("leak", "something is not released", leak),
	BEHAVIOUR("unlock-dropped", "a lock stays held", unlock_dropped),
	BEHAVIOUR("endless-loop", "a call does not end", endless_loop),
	BEHAVIOUR("endless-loop-irqs-off", "ditto, with interrupts off", endless_loop_irqs_off),
	BEHAVIOUR("stack-overflow", "a call calls itself", stack_overflow),
	BEHAVIOUR("interrupts-off", "interrupts go off and stay so", interrupts_off),
	BEHAVIOUR("wrong-size", "a quarter of the memory is allocated", wrong_size),
	BEHAVIOUR("wrong-size", NULL, wrong_size_second),
	BEHAVIOUR("double-free", "something is released twice", double_free),
	BEHAVIOUR("use-after-free", "memory is freed as soon as it is allocated", use_after_free),
	BEHAVIOUR("atomic-sleep", "a sleep, wherever that is", atomic_sleep),
	BEHAVIOUR("wrong-pointer", "the first argument is displaced", wrong_pointer),
	BEHAVIOUR("wrong-length", "a length is another one", wrong_length),
	BEHAVIOUR("wrong-length", NULL, wrong_length_second),
	BEHAVIOUR("wrong-length", NULL, wrong_length_fourth),
	BEHAVIOUR("copy-overrun", "a copy is 2 KiB too long", copy_overrun),
	BEHAVIOUR("copy-overrun", NULL, copy_overrun_fourth),
	BEHAVIOUR("wrong-return", "what a call returns is another value", wrong_return),
	BEHAVIOUR("lock-held", "a lock is taken once more, for good", spin_lock_held),
	BEHAVIOUR("lock-held", NULL, mutex_held),
	BEHAVIOUR("embedded-object", "a timer, work, NAPI, lock, list or inode in its memory is overwritten", timer_queued),
	BEHAVIOUR("embedded-object", NULL, timer_deleted),
	BEHAVIOUR("embedded-object", NULL, work_queued),
	BEHAVIOUR("embedded-object", NULL, work_cancelled),
	BEHAVIOUR("embedded-object", NULL, delayed_work_queued),
	BEHAVIOUR("embedded-object", NULL, delayed_work_cancelled),
	BEHAVIOUR("embedded-object", NULL, napi_added),
	BEHAVIOUR("embedded-object", NULL, napi_scheduled),
	BEHAVIOUR("embedded-object", NULL, napi_ended),
	BEHAVIOUR("embedded-object", NULL, spin_lock),
	BEHAVIOUR("embedded-object", NULL, mutex),
	BEHAVIOUR("embedded-object", NULL, list_entry),
	BEHAVIOUR("embedded-object", NULL, list_head),
	BEHAVIOUR("embedded-object", NULL, inode),
	BEHAVIOUR("private-data", "ditto, what lies beside such an object", private_data),
	BEHAVIOUR("late-interrupt", "an interrupt comes late, or after its end", interrupt_after_free),
	BEHAVIOUR("late-interrupt", NULL, interrupt_delayed),
};
const size_t nr_behaviour_kinds = sizeof(behaviour_kinds) / sizeof(*behaviour_kinds);
