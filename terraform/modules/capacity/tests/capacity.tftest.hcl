variables {
  pods           = { least = 5, planned = 42, most = 50 }
  pod_memory_gib = 4
  node           = { cores = 8, memory_gib = 32 }
  zones          = 3
}

run "one_core_of_a_node_is_its_own" {
  command = plan

  assert {
    condition     = output.pods_per_node == 7
    error_message = "8 cores hold ${output.pods_per_node} pods of one core, expected 7"
  }
}

run "nodes_hold_what_is_planned_and_the_surge_in_equal_numbers_a_zone" {
  command = plan

  assert {
    condition     = output.nodes.initial * output.pods_per_node >= 42 && output.nodes.initial % 3 == 0
    error_message = "${output.nodes.initial} nodes at the start"
  }
  assert {
    condition     = output.nodes.max * output.pods_per_node >= 50 * 1.25 && output.nodes.max % 3 == 0
    error_message = "${output.nodes.max} nodes at most"
  }
  assert {
    condition     = output.nodes == { min = 3, initial = 6, max = 9 }
    error_message = "6 nodes hold 42 pods of 7, 9 hold 63; a zone never has none: ${jsonencode(output.nodes)}"
  }
}

run "memory_is_the_limit_when_there_is_less_of_it" {
  command = plan
  variables {
    node = { cores = 8, memory_gib = 16 }
  }

  assert {
    condition     = output.pods_per_node == 3
    error_message = "(16 * 0.93 - 1.2) / 4 is 3.4 pods, got ${output.pods_per_node}"
  }
}

run "never_fewer_nodes_at_the_start_than_at_least" {
  command = plan
  variables {
    pods = { least = 40, planned = 40, most = 40 }
    node = { cores = 2, memory_gib = 8 }
  }

  assert {
    condition     = output.nodes.min == 40 && output.nodes.initial >= 40 && output.nodes.max >= output.nodes.initial
    error_message = jsonencode(output.nodes)
  }
}

run "refuses_a_plan_beyond_the_autoscalers_most" {
  command = plan
  variables {
    pods = { least = 5, planned = 60, most = 50 }
  }
  expect_failures = [var.pods]
}

run "refuses_half_a_pod" {
  command = plan
  variables {
    pods = { least = 5, planned = 41.5, most = 50 }
  }
  expect_failures = [var.pods]
}

run "refuses_nodes_that_hold_no_pod" {
  command = plan
  variables {
    node = { cores = 4, memory_gib = 4 }
  }
  expect_failures = [var.node]
}
