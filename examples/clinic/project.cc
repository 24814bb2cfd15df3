// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "clinic/project.h"

#include <cstdlib>

#include "clinic/commands.h"
#include "clinic/models.h"
#include "clinic/routers.h"

quern::Project make_project() {
  const char* file = std::getenv("CLINIC_SETTINGS");
  quern::Project project{
      quern::Settings::load(file ? file : "settings.toml", {myapp::EncryptedRouter{}})};
  project.app<myapp::Patient, myapp::LoadPosition>("myapp");
  for (quern::Command& command : clinic::commands()) project.command(std::move(command));
  return project;
}
