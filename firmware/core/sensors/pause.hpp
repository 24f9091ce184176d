// A short wait between two transfers, where a part needs one.
#pragma once

#include <cstdint>

namespace egiz::sensors {

class Pause {
  public:
    virtual void wait_ms(std::uint32_t ms) = 0;

  protected:
    ~Pause() = default;
};

}  // namespace egiz::sensors
