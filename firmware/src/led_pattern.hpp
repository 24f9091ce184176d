// What the one LED says. No hardware here, so that the table can be tested.
#pragma once

#include <cstdint>

namespace egiz::esp {

enum class PanelState : std::uint8_t {
    starting,      // on
    provisioning,  // half a second on, half a second off
    no_network,    // one flash each second
    no_broker,     // two flashes each second
    online,        // one short flash each four seconds
    safe_mode,     // three flashes each two seconds
    broken,        // off for a fifth of a second each second: the identity cannot be used
};

inline constexpr std::uint32_t panel_step_ms = 50;

// `step` counts panel steps. Identify wins over everything: five flashes a second.
constexpr bool led_on(PanelState state, bool identify, std::uint32_t step) {
    const std::uint32_t in_second = step % 20;
    if (identify) return step % 4 < 2;
    switch (state) {
        case PanelState::starting: return true;
        case PanelState::provisioning: return in_second < 10;
        case PanelState::no_network: return in_second < 2;
        case PanelState::no_broker: return in_second < 2 || (in_second >= 5 && in_second < 7);
        case PanelState::online: return step % 80 == 0;
        case PanelState::safe_mode: return step % 40 < 15 && step % 5 < 2;
        case PanelState::broken: return in_second >= 4;
    }
    return false;
}

// The button counts only when it was held through.
class LongPress {
  public:
    explicit constexpr LongPress(std::uint32_t steps) : needed_(steps) {}
    // True once, when the button has been down for `steps` steps in a row.
    constexpr bool push(bool down) {
        held_ = down ? held_ + 1 : 0;
        return held_ == needed_;
    }

  private:
    std::uint32_t needed_;
    std::uint32_t held_ = 0;
};

}  // namespace egiz::esp
