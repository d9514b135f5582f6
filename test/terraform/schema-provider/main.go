// A Terraform provider that knows a schema and nothing else: it reads schema.json beside its binary and answers what
// `terraform validate` and `terraform test` with mock_provider ask. It can neither plan nor apply for real.
//
// For providers whose own plugin cannot be had where tests run. What only the real one checks (values of enumerations,
// patterns, rules between arguments) stays unchecked.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

type attribute struct {
	Type      json.RawMessage `json:"type"` // as Terraform writes types in JSON: "string", ["list", "string"]
	Required  bool            `json:"required"`
	Optional  bool            `json:"optional"`
	Computed  bool            `json:"computed"`
	Sensitive bool            `json:"sensitive"`
	WriteOnly bool            `json:"write_only"`
}

type nested struct {
	Nesting string `json:"nesting"` // list or set
	Min     int64  `json:"min"`
	Max     int64  `json:"max"` // 0: any number
	Block   block  `json:"block"`
}

type block struct {
	Attributes map[string]attribute `json:"attributes"`
	Blocks     map[string]nested    `json:"blocks"`
}

type schemas struct {
	Address   string           `json:"address"`
	Provider  block            `json:"provider"`
	Resources map[string]block `json:"resources"`
	Ephemeral map[string]block `json:"ephemeral"`
}

func (b block) convert() (*tfprotov6.SchemaBlock, error) {
	out := &tfprotov6.SchemaBlock{}
	for name, a := range b.Attributes {
		kind, err := tftypes.ParseJSONType(a.Type) //nolint:staticcheck // the only reader of this format
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		out.Attributes = append(out.Attributes, &tfprotov6.SchemaAttribute{
			Name: name, Type: kind, Required: a.Required, Optional: a.Optional, Computed: a.Computed,
			Sensitive: a.Sensitive, WriteOnly: a.WriteOnly,
		})
	}
	for name, n := range b.Blocks {
		inner, err := n.Block.convert()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		nesting := tfprotov6.SchemaNestedBlockNestingModeList
		if n.Nesting == "set" {
			nesting = tfprotov6.SchemaNestedBlockNestingModeSet
		}
		out.BlockTypes = append(out.BlockTypes, &tfprotov6.SchemaNestedBlock{
			TypeName: name, Block: inner, Nesting: nesting, MinItems: n.Min, MaxItems: n.Max,
		})
	}
	return out, nil
}

func convertAll(from map[string]block) (map[string]*tfprotov6.Schema, error) {
	out := map[string]*tfprotov6.Schema{}
	for name, b := range from {
		inner, err := b.convert()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		out[name] = &tfprotov6.Schema{Block: inner}
	}
	return out, nil
}

// server answers the calls below; any other one (planning, applying) ends the process, since it has nothing to say.
type server struct {
	tfprotov6.ProviderServer
	schemas schemas
}

func (s *server) GetMetadata(context.Context, *tfprotov6.GetMetadataRequest) (*tfprotov6.GetMetadataResponse, error) {
	out := &tfprotov6.GetMetadataResponse{ServerCapabilities: &tfprotov6.ServerCapabilities{}}
	for name := range s.schemas.Resources {
		out.Resources = append(out.Resources, tfprotov6.ResourceMetadata{TypeName: name})
	}
	for name := range s.schemas.Ephemeral {
		out.EphemeralResources = append(out.EphemeralResources, tfprotov6.EphemeralResourceMetadata{TypeName: name})
	}
	return out, nil
}

func (s *server) GetProviderSchema(context.Context, *tfprotov6.GetProviderSchemaRequest) (*tfprotov6.GetProviderSchemaResponse, error) {
	provider, err := s.schemas.Provider.convert()
	if err != nil {
		return nil, err
	}
	resources, err := convertAll(s.schemas.Resources)
	if err != nil {
		return nil, err
	}
	ephemeral, err := convertAll(s.schemas.Ephemeral)
	if err != nil {
		return nil, err
	}
	return &tfprotov6.GetProviderSchemaResponse{
		ServerCapabilities:       &tfprotov6.ServerCapabilities{},
		Provider:                 &tfprotov6.Schema{Block: provider},
		ResourceSchemas:          resources,
		EphemeralResourceSchemas: ephemeral,
	}, nil
}

func (s *server) GetResourceIdentitySchemas(context.Context, *tfprotov6.GetResourceIdentitySchemasRequest) (*tfprotov6.GetResourceIdentitySchemasResponse, error) {
	return &tfprotov6.GetResourceIdentitySchemasResponse{}, nil
}

func (s *server) GetFunctions(context.Context, *tfprotov6.GetFunctionsRequest) (*tfprotov6.GetFunctionsResponse, error) {
	return &tfprotov6.GetFunctionsResponse{}, nil
}

func (s *server) ValidateProviderConfig(_ context.Context, request *tfprotov6.ValidateProviderConfigRequest) (*tfprotov6.ValidateProviderConfigResponse, error) {
	return &tfprotov6.ValidateProviderConfigResponse{PreparedConfig: request.Config}, nil
}

func (s *server) ValidateResourceConfig(context.Context, *tfprotov6.ValidateResourceConfigRequest) (*tfprotov6.ValidateResourceConfigResponse, error) {
	return &tfprotov6.ValidateResourceConfigResponse{}, nil
}

func (s *server) ValidateDataResourceConfig(context.Context, *tfprotov6.ValidateDataResourceConfigRequest) (*tfprotov6.ValidateDataResourceConfigResponse, error) {
	return &tfprotov6.ValidateDataResourceConfigResponse{}, nil
}

func (s *server) ValidateEphemeralResourceConfig(context.Context, *tfprotov6.ValidateEphemeralResourceConfigRequest) (*tfprotov6.ValidateEphemeralResourceConfigResponse, error) {
	return &tfprotov6.ValidateEphemeralResourceConfigResponse{}, nil
}

func (s *server) UpgradeResourceState(_ context.Context, request *tfprotov6.UpgradeResourceStateRequest) (*tfprotov6.UpgradeResourceStateResponse, error) {
	b, err := s.schemas.Resources[request.TypeName].convert()
	if err != nil {
		return nil, err
	}
	value, err := request.RawState.Unmarshal(b.ValueType())
	if err != nil {
		return nil, err
	}
	state, err := tfprotov6.NewDynamicValue(b.ValueType(), value)
	return &tfprotov6.UpgradeResourceStateResponse{UpgradedState: &state}, err
}

func (s *server) StopProvider(context.Context, *tfprotov6.StopProviderRequest) (*tfprotov6.StopProviderResponse, error) {
	return &tfprotov6.StopProviderResponse{}, nil
}

func main() {
	file := flag.String("schema", "", "schema.json; the one beside the binary when empty")
	flag.Parse()
	if *file == "" {
		binary, err := os.Executable()
		if err != nil {
			log.Fatal(err)
		}
		*file = filepath.Join(filepath.Dir(binary), "schema.json")
	}
	text, err := os.ReadFile(*file)
	if err != nil {
		log.Fatal(err)
	}
	s := &server{}
	if err := json.Unmarshal(text, &s.schemas); err != nil {
		log.Fatalf("%s: %v", *file, err)
	}
	if err := tf6server.Serve(s.schemas.Address, func() tfprotov6.ProviderServer { return s }); err != nil {
		log.Fatal(err)
	}
}
