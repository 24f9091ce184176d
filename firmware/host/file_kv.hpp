// NVS in a file: all keys in one small file that is replaced atomically with every change.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "ports.hpp"

namespace egiz::host {

class FileKv final : public KeyValue {
  public:
    explicit FileKv(std::string path);

    Result<std::size_t> get(std::string_view key, MutableBytes out) override;
    Status put(std::string_view key, Bytes value) override;
    Status erase(std::string_view key) override;
    Status erase_all() override;

  private:
    Status store();

    std::string path_;
    std::map<std::string, std::vector<std::uint8_t>, std::less<>> values_;
};

}  // namespace egiz::host
