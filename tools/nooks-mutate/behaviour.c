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
 * behaviour.aux names; RANDOM for four random bytes, which are no large number.
 */
enum { END = -1, TARGET = -2, AUX = -3, RANDOM = -4 };

/**
 * struct behaviour - what becomes of a call
 * @functions: patterns of the names of the functions whose calls are meant; NULL: all
 * @code: the new code
 * @inplace: it fits into the call's bytes
 * @aux: pattern of the name of a function that it calls besides
 */
struct behaviour {
	const char * const *functions;
	const int *code;
	bool inplace;
	const char *aux;
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
	LIST(ALLOCATIONS), CODE(0x31, 0xc0, 0x0f, 0x1f, 0x00), true, NULL,	/* xor eax, eax */
}, leak = {
	LIST(RELEASES), CODE(0x0f, 0x1f, 0x44, 0x00, 0x00), true, NULL,
}, unlock_dropped = {
	LIST(UNLOCKS), CODE(0x0f, 0x1f, 0x44, 0x00, 0x00), true, NULL,
}, endless_loop = {
	NULL, CODE(0xeb, 0xfe, 0x0f, 0x1f, 0x00), true, NULL,
}, endless_loop_irqs_off = {
	NULL, CODE(0xfa, 0xeb, 0xfd, 0x66, 0x90), true, NULL,			/* cli */
}, stack_overflow = {
	NULL, CODE(0xe8, 0xfb, 0xff, 0xff, 0xff), true, NULL,			/* calls itself */
}, interrupts_off = {
	NULL, CODE(0xfa, 0xe9, TARGET), false, NULL,
}, wrong_size = {		/* shr rdi, 2; or rsi */
	LIST("__kmalloc", "kvmalloc_node", "vmalloc", "vzalloc", "__alloc_skb"),
	CODE(0x48, 0xc1, 0xef, 0x02, 0xe9, TARGET), false, NULL,
}, wrong_size_second = {
	LIST("dma_alloc_attrs", "__netdev_alloc_skb", "__napi_alloc_skb", "*build_skb*"),
	CODE(0x48, 0xc1, 0xee, 0x02, 0xe9, TARGET), false, NULL,
}, double_free = {		/* push rdi; call; pop rdi; jmp */
	LIST("kfree", "kvfree", "vfree", "consume_skb", "page_frag_free"),
	CODE(0x57, 0xe8, TARGET, 0x5f, 0xe9, TARGET), false, NULL,
}, use_after_free = {		/* call; push rax; mov rdi, rax; call kfree; pop rax; ret */
	LIST("__kmalloc", "kmalloc_*"),
	CODE(0xe8, TARGET, 0x50, 0x48, 0x89, 0xc7, 0xe8, AUX, 0x58, 0xc3), false, "kfree",
}, atomic_sleep = {		/* registers of arguments pushed; mov edi, 20; call msleep; popped; jmp */
	NULL,
	CODE(0x57, 0x56, 0x52, 0x51, 0x41, 0x50, 0x41, 0x51, 0xbf, 20, 0, 0, 0, 0xe8, AUX,
	     0x41, 0x59, 0x41, 0x58, 0x59, 0x5a, 0x5e, 0x5f, 0xe9, TARGET),
	false, "msleep",
}, wrong_pointer = {		/* add rdi, random */
	NULL, CODE(0x48, 0x81, 0xc7, RANDOM, 0xe9, TARGET), false, NULL,
}, wrong_length = {		/* add rdx, random; ditto rcx and rsi */
	LIST("dma_unmap_*", "dma_sync_*", "skb_copy*", "print_hex_dump", "memcpy"),
	CODE(0x48, 0x81, 0xc2, RANDOM, 0xe9, TARGET), false, NULL,
}, wrong_length_fourth = {
	LIST("dma_map_page*"), CODE(0x48, 0x81, 0xc1, RANDOM, 0xe9, TARGET), false, NULL,
}, wrong_length_second = {
	LIST("skb_put", "skb_push", "skb_pull", "skb_trim", "___pskb_trim", "__pskb_pull_tail"),
	CODE(0x48, 0x81, 0xc6, RANDOM, 0xe9, TARGET), false, NULL,
}, copy_overrun = {		/* add rdx, 2048 */
	LIST("memcpy", "memmove", "memset", "__memcpy", "__memset", "skb_copy_bits", "strncpy"),
	CODE(0x48, 0x81, 0xc2, 0x00, 0x08, 0x00, 0x00, 0xe9, TARGET), false, NULL,
}, wrong_return = {		/* call; add eax, random; ret */
	NULL, CODE(0xe8, TARGET, 0x05, RANDOM, 0xc3), false, NULL,
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
		size += *code < 0 ? 4 : 1;
	return size;
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

static void emit(const struct behaviour *behaviour, const struct plan *plan, struct patch *patch,
		 const struct place *site, uint64_t *seed)
{
	const struct place *aux = behaviour->aux ? find_call_of(plan->text, behaviour->aux) : NULL;
	uint32_t at = 0;
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
		default:
			patch->bytes[at++] = *code;
		}
	}
	memset(patch->keep, 0, sizeof(patch->keep));
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

	if (behaviour->inplace) {
		emit(behaviour, plan, call, site, seed);
		return true;
	}
	room = find_room(plan, size);
	if (!room)
		return false;
	patch_begin(&fault->patches[1], plan->text, room, size);
	emit(behaviour, plan, &fault->patches[1], site, seed);
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
	BEHAVIOUR("wrong-return", "what a call returns is another value", wrong_return),
};
const size_t nr_behaviour_kinds = sizeof(behaviour_kinds) / sizeof(*behaviour_kinds);
