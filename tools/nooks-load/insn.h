/* SPDX-License-Identifier: GPL-2.0 */
/* What is to be known of single instructions: nooks-load scans for some, nooks-mutate makes them. */
#ifndef NOOKS_LOAD_INSN_H
#define NOOKS_LOAD_INSN_H

#include <Zydis/Zydis.h>
#include <stdbool.h>

bool insn_is_privileged(const ZydisDecodedInstruction *insn);

#endif
