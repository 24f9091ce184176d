// The LED and the button of the board, in a small task of their own so that they work while all else hangs.
#pragma once

#include <atomic>

#include "led_pattern.hpp"
#include "result.hpp"

namespace egiz::esp {

class FrontPanel {
  public:
    Status start();
    void show(PanelState state) { state_.store(state); }
    void identify(std::uint32_t seconds);
    // True once after the button was held for ten seconds: forget the identity and provision anew.
    bool take_long_press() { return long_press_.exchange(false); }

  private:
    static void run(void* self);
    void step();

    std::atomic<PanelState> state_{PanelState::starting};
    std::atomic<std::uint32_t> identify_steps_{0};
    std::atomic<bool> long_press_{false};
    LongPress button_{10'000 / panel_step_ms};
    std::uint32_t step_ = 0;
};

}  // namespace egiz::esp
