/* The writer's side of the audit ring. */
#ifndef GUARD_AUDIT_WRITER_H
#define GUARD_AUDIT_WRITER_H

#include "audit.h"

/* Writes until it is told to stop or the broker is gone. Does not return. */
_Noreturn void audit_writer_run(struct audit_ring *ring, struct audit_sink sink, pid_t broker);

#endif
