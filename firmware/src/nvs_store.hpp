// The core's key-value store in the NVS partition "nvs". The identity lives in a partition of its own and is not touched.
#pragma once

#include "nvs.h"
#include "ports.hpp"

namespace egiz::esp {

class NvsStore final : public KeyValue {
  public:
    // A partition that cannot be read any more is erased and begun anew: the board goes on with defaults and its
    // identity. `lost` tells that this happened.
    Status open(bool& lost);

    Result<std::size_t> get(std::string_view key, MutableBytes out) override;
    Status put(std::string_view key, Bytes value) override;
    Status erase(std::string_view key) override;
    Status erase_all() override;

  private:
    nvs_handle_t handle_ = 0;
};

}  // namespace egiz::esp
