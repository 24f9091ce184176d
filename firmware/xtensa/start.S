// Where the emulated core begins: a stack, then C++. The system calls of the simulator ("simcall") are the only device.
    .section .reset, "ax"
    .align  4
    .global _start
_start:
    // The core begins at the vector itself, whatever the ELF header says; the constants come behind the jump.
    j       load
    .literal_position
    .align  4
load:
    movi    a1, _stack
    movi    a0, begin
    callx0  a0
forever:
    j       forever

    .text
    .align  4
    .global simcall
    .type   simcall, @function
simcall:
    simcall
    ret
