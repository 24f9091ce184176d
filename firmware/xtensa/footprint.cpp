// One board on ports that lead nowhere: linked alone and never run, its map file shows what the core takes.
#include "board.hpp"

// The core never takes a part of a text beyond its end; without exceptions the check has nowhere to go but here.
namespace std {
void __throw_out_of_range_fmt(const char*, ...) {
    for (;;) {
    }
}
}  // namespace std

// Read at run time, so that the compiler cannot know what is behind them and drop code.
static egiz::Ports* volatile ports_at;
static egiz::BoardIdentity* volatile identity_at;
static egiz::InboundMessage* volatile message_at;

alignas(egiz::Board) static unsigned char board_memory[sizeof(egiz::Board)];

extern "C" __attribute__((used)) void footprint() {
    auto* board = new (board_memory) egiz::Board(*ports_at, *identity_at);
    (void)board->start();
    for (;;) {
        (void)board->tick();
        board->on_connected();
        board->on_subscribed();
        board->on_published(1, true);
        board->on_message(*message_at);
        board->on_disconnected();
    }
}
