// What the objects here have in common: a program section, a place for answers, and names for
// clang's built-ins. Every question of a program is one CO-RE relocation.
#pragma once

// libbpf's headers use the kernel's types without including them.
// clang-format off
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
// clang-format on

char LICENSE[] SEC("license") = "BSD";

// Keeps an answer alive: without a reader, clang would drop the question.
volatile unsigned long long answer;

#define ASK(question) (answer = (unsigned long long)(question))

// Named, so that relocations refer to the fields by access string instead of by fixed offsets.
#define CORE __attribute__((preserve_access_index))
